import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AirlockRuntime } from '../../../core/runtime.js';
import type { Policy } from '../../../core/model/policy.js';
import { AirlockModule } from '../../../nest/airlock.module.js';
import { AirlockService } from '../../../nest/services/airlock.service.js';
import type { AirlockModuleOptions } from '../../../nest/options/airlock-options.js';
import type { TestRunner } from '../test-runner.js';
import type { PolicyContractOptions } from './policy-contract.js';
import { Call, neutralCalls } from './call.js';
import { Trial } from './trial.js';

/** Booting an application on a machine that is busy takes its time. */
const PATIENCE_MS = 30_000;

/** What every case of the contract works with. @internal */
export class PolicySuite {
  readonly lets: readonly Call[];
  readonly drops: readonly Call[];
  readonly refuses: readonly Call[];
  readonly remembers: NonNullable<PolicyContractOptions['remembers']>;
  readonly throws: boolean;
  private readonly running: INestApplicationContext[] = [];
  /** One without a policy, which serves every case of a policy that Nest has not to build. */
  private shared: Promise<INestApplicationContext> | undefined;

  constructor(
    private readonly runner: TestRunner,
    private readonly options: PolicyContractOptions,
  ) {
    const { lets = [], drops = [], refuses = [], remembers = 'nothing', throws = false } = options;
    this.lets = lets.map((stated) => new Call(stated));
    this.drops = drops.map((stated) => new Call(stated));
    this.refuses = refuses.map((stated) => new Call(stated));
    this.remembers = remembers;
    this.throws = throws;
  }

  /** Closes it after the last case. */
  closeAtTheEnd(): void {
    this.runner.afterAll(async () => (await this.shared)?.close(), PATIENCE_MS);
  }

  when(condition: string, cases: () => void): void {
    this.runner.describe(`when ${condition}`, cases);
  }

  /** @param lack why it is skipped, if it is */
  it(truth: string, test: () => Promise<void>, lack?: string | false): void {
    if (lack) return this.runner.it.skip(`${truth} (skipped: ${lack})`, test);
    this.runner.it(truth, () => this.closingAfter(test), PATIENCE_MS);
  }

  same(actual: unknown, expected: unknown): void {
    this.runner.expect(actual).toEqual(expected);
  }

  /** Calls that its author has stated. */
  get stated(): readonly Call[] {
    return [...this.lets, ...this.drops, ...this.refuses];
  }

  /** Those, and some more: what most cases put to the policy. */
  get sample(): readonly Call[] {
    return [...this.stated, ...neutralCalls()];
  }

  /** An application that has no policy, and the policy under test as it would have it. */
  async boot(): Promise<{ readonly airlock: AirlockService; readonly policy: Policy }> {
    const ref = this.options.create();
    // An application has one instance of a class.
    const app = await (typeof ref === 'function' ? this.startForCase() : (this.shared ??= this.start()));
    const [policy] = app.get(AirlockRuntime).policiesOf(ref);
    return { airlock: app.get(AirlockService), policy: policy! };
  }

  /** An application that is under the policy as a whole. */
  async bootUnder(): Promise<AirlockService> {
    const app = await this.startForCase({ policy: this.options.create() });
    return app.get(AirlockService);
  }

  /** Calls made one after another in one scope under a policy that nobody has asked before. */
  async trialOf(calls: readonly Call[], on: (policy: Policy) => Policy = (policy) => policy): Promise<Trial> {
    const { airlock, policy } = await this.boot();
    const trial = new Trial();
    await trial.within(airlock, on(policy), () => trial.makeAll(calls));
    return trial;
  }

  async fatesOf(calls: readonly Call[]): Promise<readonly string[]> {
    return (await this.trialOf(calls)).fates;
  }

  private async startForCase(options?: AirlockModuleOptions): Promise<INestApplicationContext> {
    const app = await this.start(options);
    this.running.push(app);
    return app;
  }

  private start(options?: AirlockModuleOptions): Promise<INestApplicationContext> {
    class PolicyContractModule {}
    const imports = [AirlockModule.forRoot(options)];
    const module = { module: PolicyContractModule, imports, providers: [...(this.options.providers ?? [])] };
    return NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  }

  private async closingAfter(test: () => Promise<void>): Promise<void> {
    try {
      await test();
    } finally {
      for (const app of this.running.splice(0)) await app.close();
    }
  }
}
