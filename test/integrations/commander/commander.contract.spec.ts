import { Module } from '@nestjs/common';
import { Command, CommandFactory, CommandRunner, CommandRunnerService } from 'nest-commander';
import type { ContractPayload } from '../../contracts/boundary/boundary-contract.js';
import { ContractWork } from '../../contracts/boundary/contract-work.js';
import { describeBoundaryContract } from '../../contracts/boundary/describe-boundary-contract.js';

describeBoundaryContract('a command', {
  boundary: 'commander',
  method: 'run',
  nested: true,
  declare({ name, onClass, onMethod }) {
    @Command({ name, arguments: '<payload>' })
    @onClass
    class ContractCommand extends CommandRunner {
      constructor(private readonly work: ContractWork) {
        super();
      }
      @onMethod
      run([payload]: string[]): Promise<void> {
        return this.work.do(JSON.parse(payload!) as ContractPayload) as Promise<void>;
      }
    }
    return ContractCommand;
  },
  async start({ imports, providers, handlers, logger }) {
    @Module({ imports: [...imports], providers: [...providers, ...handlers] })
    class AppModule {}
    const app = await CommandFactory.createWithoutRunning(AppModule, {
      logger,
      serviceErrorHandler: (error) => {
        throw error;
      },
    });
    const runner = app.get(CommandRunnerService);
    return {
      app,
      trigger: (payload) => runner.run(['node', 'cli', payload.handler, JSON.stringify(payload)]),
    };
  },
});
