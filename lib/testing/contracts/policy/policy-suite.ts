import { NestFactory } from '@nestjs/core';
import type { Policy } from '../../../core/model/policy.js';
import { AirlockRuntime } from '../../../core/runtime.js';
import { AirlockModule } from '../../../nest/airlock.module.js';
import type { AirlockModuleOptions } from '../../../nest/options/airlock-options.js';
import { AirlockService } from '../../../nest/services/airlock.service.js';
import { ContractSuite, type Lack } from '../contract-suite.js';
import type { TestRunner } from '../test-runner.js';
import { Call, callsOfAllKinds } from './call.js';
import type { PolicyContractOptions } from './policy-contract.js';
import { PolicyRun } from './policy-run.js';

/** Tools that every case of the contract works with. @internal */
export class PolicySuite extends ContractSuite {
  readonly refuses: readonly Call[];
  /** Calls that its author has stated. */
  readonly stated: readonly Call[];
  /** Their endings, in the same order. */
  readonly endings: readonly string[];
  /** Calls that most cases make: those stated, and some of all kinds. */
  readonly sample: readonly Call[];

  constructor(
    runner: TestRunner,
    readonly options: PolicyContractOptions,
  ) {
    super(runner);
    const [lets, drops, refuses] = [options.lets, options.drops, options.refuses].map((calls) =>
      (calls ?? []).map((stated) => new Call(stated)),
    ) as [Call[], Call[], Call[]];
    this.refuses = refuses;
    this.stated = [...lets, ...drops, ...refuses];
    this.endings = [
      ...lets.map(({ text }) => `${text}: out`),
      ...drops.map(({ text }) => `${text}: dropped`),
      ...refuses.map(({ text }) => `${text}: refused`),
    ];
    this.sample = [...this.stated, ...callsOfAllKinds()];
  }

  /** Defines a case that looks for faults. @param faults those it has found */
  finds(truth: string, faults: () => Promise<readonly unknown[]>, lack: Lack = false): void {
    this.it(truth, async () => this.same(await faults(), []), lack);
  }

  /** Boots an application, and makes the policy as Nest builds it there. */
  async boot(
    options?: AirlockModuleOptions,
  ): Promise<{ readonly airlock: AirlockService; readonly policy: Policy }> {
    class PolicyContractModule {}
    const module = {
      module: PolicyContractModule,
      imports: [AirlockModule.forRoot(options)],
      providers: [...(this.options.providers ?? [])],
    };
    const app = this.forThisCase(
      await NestFactory.createApplicationContext(module, {
        logger: false,
        abortOnError: false,
      }),
    );
    const [policy] = app.get(AirlockRuntime).policiesOf(this.options.create());
    return { airlock: app.get(AirlockService), policy: policy! };
  }

  /** Boots an application whose `policy` option is the policy. */
  async bootUnder(): Promise<AirlockService> {
    return (await this.boot({ policy: this.options.create() })).airlock;
  }

  /** Makes calls one after another in one scope, under a new policy. */
  async runOf(
    calls: readonly Call[] = this.sample,
    on: (policy: Policy) => Policy = (policy) => policy,
  ): Promise<PolicyRun> {
    const { airlock, policy } = await this.boot();
    const run = new PolicyRun();
    await run.within(airlock, on(policy), () => run.makeAll(calls));
    return run;
  }
}
