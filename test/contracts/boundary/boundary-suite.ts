import { Scope } from '@nestjs/common';
import { AirlockModule } from '../../nest/airlock.module.js';
import { AirlockService } from '../../nest/services/airlock.service.js';
import { EffectBuffer } from '../../nest/services/effect-buffer.js';
import type { AirlockModuleOptions, BoundaryOptions } from '../../nest/options/airlock-options.js';
import type { BoundaryContractOptions, ContractDeed } from '../boundary-contract.js';
import type { TestRunner } from '../contracts/test-runner.js';
import { Application } from './application.js';
import { ContractWork } from './contract-work.js';
import { Handlers, PerRequest, type Role } from './handlers.js';
import { Journal } from './journal.js';
import type { Task } from './task.js';
import { Witness } from './witness.js';

/** Booting an application against a broker on a machine that is busy takes its time. */
const PATIENCE_MS = 30_000;

/** What became of the effects of one call. @internal */
export interface Fate {
  readonly out: readonly string[];
  readonly dropped: readonly string[];
}

/** The three effects that most deeds call, by what their scope comes to. @internal */
export const COMPLETED: Fate = { out: ['success', 'always'], dropped: ['failure'] };
/** @internal */
export const FAILED: Fate = { out: ['failure', 'always'], dropped: ['success'] };

/** What every case of the contract works with. @internal */
export class BoundarySuite {
  readonly journal = new Journal();
  /** How often Nest has made what the request-scoped class depends on. */
  instances = 0;
  private readonly witness = new Witness();
  private readonly further: Application[] = [];
  private shared: Application | undefined;

  constructor(
    private readonly runner: TestRunner,
    readonly options: BoundaryContractOptions,
  ) {}

  /** One application without options serves most cases. */
  keepApplication(): void {
    const { runner } = this;
    runner.beforeAll(async () => {
      this.witness.begin();
      this.shared = await this.start({});
    }, PATIENCE_MS);
    runner.afterAll(async () => {
      await this.shared?.close();
      this.witness.end();
    }, PATIENCE_MS);
  }

  when(condition: string, cases: () => void): void {
    this.runner.describe(`when ${condition}`, cases);
  }

  /** @param lack why it is skipped, if it is */
  it(truth: string, test: () => Promise<void>, lack?: string | false): void {
    if (lack) return this.runner.it.skip(`${truth} (skipped: ${lack})`, test);
    this.runner.it(truth, () => this.check(test), PATIENCE_MS);
  }

  same(actual: unknown, expected: unknown): void {
    this.runner.expect(actual).toEqual(expected);
  }

  /** An application of its own, closed when the case ends. */
  async boot(options: AirlockModuleOptions): Promise<Application> {
    const application = await this.start(options);
    this.further.push(application);
    return application;
  }

  /** One with options for this kind of entry point. */
  bootWith(boundary: boolean | BoundaryOptions, options: AirlockModuleOptions = {}): Promise<Application> {
    return this.boot({ ...options, boundaries: { [this.options.boundary]: boundary } });
  }

  /** The application most cases use. */
  get application(): Application {
    return this.shared!;
  }

  get airlock(): AirlockService {
    return this.application.airlock;
  }

  /** Why a caller cannot tell whether effects have run or failed, if it cannot. */
  get unanswered(): string | false {
    if (this.options.answers === false) return 'nobody is answered';
    return this.options.answersFirst === true && 'the caller has been answered by then';
  }

  /** How the entry point of a class is named. */
  nameOf(role: Role): string {
    return this.application.handlers.nameOf(role);
  }

  task(): Task {
    return this.witness.task();
  }

  trigger(task: Task, deed: ContractDeed, role?: Role): Promise<void> {
    return this.application.trigger(task, deed, role);
  }

  /** Makes a call and waits until nothing of it is left to do. */
  async call(deed: ContractDeed, role?: Role, application = this.application): Promise<Task> {
    const task = this.task();
    await application.trigger(task, deed, role);
    await task.settled();
    return task;
  }

  fate({ out, dropped }: Task, expected: Fate): void {
    this.same({ out, dropped }, expected);
  }

  /** `fate` of one call of the plain handler. */
  async comesTo(deed: ContractDeed, expected: Fate): Promise<void> {
    this.fate(await this.call(deed), expected);
  }

  private async check(test: () => Promise<void>): Promise<void> {
    this.journal.clear();
    try {
      await test();
    } finally {
      for (const application of this.further.splice(0)) await application.close();
    }
    this.same(await this.witness.leftOver(), []);
  }

  private async start(options: AirlockModuleOptions): Promise<Application> {
    const handlers = new Handlers(this.options);
    const perRequest = { provide: PerRequest, scope: Scope.REQUEST, useFactory: () => ++this.instances };
    const work = {
      provide: ContractWork,
      inject: [EffectBuffer, AirlockService],
      useFactory: (effects: EffectBuffer, airlock: AirlockService) => new ContractWork(this.witness, effects, airlock),
    };
    const running = await this.options.start({
      imports: [AirlockModule.forRoot(options)],
      providers: [work, perRequest],
      handlers: handlers.types,
      logger: this.journal,
    });
    return new Application(running, handlers);
  }
}
