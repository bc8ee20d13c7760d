import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Policy } from '../../../core/model/policy.js';
import { AirlockRuntime } from '../../../core/runtime.js';
import { AirlockModule } from '../../../nest/airlock.module.js';
import type { AirlockModuleOptions } from '../../../nest/options/airlock-options.js';
import { AirlockService } from '../../../nest/services/airlock.service.js';
import { ContractSuite } from '../contract-suite.js';
import type { TestRunner } from '../test-runner.js';
import { Call, neutralCalls } from './call.js';
import type { PolicyContractOptions } from './policy-contract.js';
import { PolicyRun } from './policy-run.js';

/** Tools that every case of the contract works with. @internal */
export class PolicySuite extends ContractSuite {
  /** Calls that its author has stated, by how they end. */
  readonly stated: readonly (readonly [
    ending: 'out' | 'dropped' | 'refused',
    calls: readonly Call[],
  ])[];
  readonly refuses: readonly Call[];
  readonly remembers: NonNullable<PolicyContractOptions['remembers']>;
  readonly throws: boolean;

  constructor(
    runner: TestRunner,
    private readonly options: PolicyContractOptions,
  ) {
    super(runner);
    const { lets = [], drops = [], refuses = [], remembers = 'nothing', throws = false } = options;
    this.refuses = refuses.map((stated) => new Call(stated));
    this.stated = [
      ['out', lets.map((stated) => new Call(stated))],
      ['dropped', drops.map((stated) => new Call(stated))],
      ['refused', this.refuses],
    ];
    this.remembers = remembers;
    this.throws = throws;
  }

  /** Calls that most cases put to the policy: those stated, and some of which it has not heard. */
  get sample(): readonly Call[] {
    return [...this.stated.flatMap(([, calls]) => calls), ...neutralCalls()];
  }

  /**
   * Boots an application that has no policy, and makes the policy under test as it would have it.
   */
  async boot(): Promise<{ readonly airlock: AirlockService; readonly policy: Policy }> {
    const app = await this.start();
    const [policy] = app.get(AirlockRuntime).policiesOf(this.options.create());
    return { airlock: app.get(AirlockService), policy: policy! };
  }

  /** Boots an application that is under the policy as a whole. */
  async bootUnder(): Promise<AirlockService> {
    const app = await this.start({ policy: this.options.create() });
    return app.get(AirlockService);
  }

  /** Makes calls one after another in one scope, under a policy that nobody has asked before. */
  async runOf(
    calls: readonly Call[],
    on: (policy: Policy) => Policy = (policy) => policy,
  ): Promise<PolicyRun> {
    const { airlock, policy } = await this.boot();
    const run = new PolicyRun();
    await run.within(airlock, on(policy), () => run.makeAll(calls));
    return run;
  }

  async endingsOf(calls: readonly Call[]): Promise<readonly string[]> {
    return (await this.runOf(calls)).endings;
  }

  private async start(options?: AirlockModuleOptions): Promise<INestApplicationContext> {
    class PolicyContractModule {}
    const imports = [AirlockModule.forRoot(options)];
    const module = {
      module: PolicyContractModule,
      imports,
      providers: [...(this.options.providers ?? [])],
    };
    return this.forThisCase(
      await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false }),
    );
  }
}
