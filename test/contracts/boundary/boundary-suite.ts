import { Scope } from '@nestjs/common';
import { AirlockModule } from '../../../lib/nest/airlock.module.js';
import { AirlockService } from '../../../lib/nest/services/airlock.service.js';
import { EffectBuffer } from '../../../lib/nest/services/effect-buffer.js';
import type { AirlockModuleOptions } from '../../../lib/nest/options/airlock-options.js';
import type { BoundaryOptions } from '../../../lib/nest/options/boundary-options.js';
import type { BoundaryContractOptions, ContractAction } from './boundary-contract.js';
import { ContractSuite } from '../../../lib/testing/contracts/contract-suite.js';
import type { TestRunner } from '../../../lib/testing/contracts/test-runner.js';
import { Application } from './application.js';
import { ContractWork } from './contract-work.js';
import { Handlers, PerRequest, type Role } from './handlers.js';
import { TestLog } from './test-log.js';
import type { CallRecord } from './call-record.js';
import { CallRecords } from './call-records.js';

/** Effects of one call, by what became of them. */
export interface Ending {
  readonly out: readonly string[];
  readonly dropped: readonly string[];
}

/** Endings of the three effects that most actions call, by what their scope comes to. */
export const COMPLETED: Ending = { out: ['success', 'always'], dropped: ['failure'] };
export const FAILED: Ending = { out: ['failure', 'always'], dropped: ['success'] };

/** Tools that every case of the contract works with. */
export class BoundarySuite extends ContractSuite {
  readonly log = new TestLog();
  /** Number of times that Nest has made the dependency of the request-scoped class. */
  instances = 0;
  private readonly records = new CallRecords();
  private sharedApplication!: () => Application;

  constructor(
    runner: TestRunner,
    readonly options: BoundaryContractOptions,
  ) {
    super(runner);
  }

  /** Starts one application without options, which serves most cases. */
  keepApplication(): void {
    this.shared(async () => {
      this.records.begin();
      return { close: async () => this.records.end() };
    });
    this.sharedApplication = this.shared(() => this.start({}));
  }

  /** Starts an application for one case. */
  async boot(options: AirlockModuleOptions): Promise<Application> {
    return this.forThisCase(await this.start(options));
  }

  /** Starts an application with options for this kind of entry point. */
  bootWith(
    boundary: boolean | BoundaryOptions,
    options: AirlockModuleOptions = {},
  ): Promise<Application> {
    return this.boot({ ...options, boundaries: { [this.options.boundary]: boundary } });
  }

  /** Application that most cases use. */
  get application(): Application {
    return this.sharedApplication();
  }

  get airlock(): AirlockService {
    return this.application.airlock;
  }

  /** Reason why a caller cannot tell whether effects have run or failed; false if it can. */
  get unanswered(): string | false {
    if (this.options.answers === false) return 'nobody is answered';
    return this.options.answersFirst === true && 'the caller has been answered by then';
  }

  /** Returns the name of the entry point of a class. */
  nameOf(role: Role): string {
    return this.application.handlers.nameOf(role);
  }

  newCall(): CallRecord {
    return this.records.newCall();
  }

  trigger(call: CallRecord, action: ContractAction, role?: Role): Promise<void> {
    return this.application.trigger(call, action, role);
  }

  /** Makes a call and waits until all of it has ended. */
  async call(
    action: ContractAction,
    role?: Role,
    application = this.application,
  ): Promise<CallRecord> {
    const call = this.newCall();
    await application.trigger(call, action, role);
    await call.settled();
    return call;
  }

  endsAs({ out, dropped }: CallRecord, expected: Ending): void {
    this.same({ out, dropped }, expected);
  }

  /** `endsAs` for one call of the plain handler. */
  async comesTo(action: ContractAction, expected: Ending): Promise<void> {
    this.endsAs(await this.call(action), expected);
  }

  protected override async runCase(test: () => Promise<void>): Promise<void> {
    this.log.clear();
    await super.runCase(test);
    this.same(await this.records.leftOver(), []);
  }

  private async start(options: AirlockModuleOptions): Promise<Application> {
    const handlers = new Handlers(this.options);
    const perRequest = {
      provide: PerRequest,
      scope: Scope.REQUEST,
      useFactory: () => ++this.instances,
    };
    const work = {
      provide: ContractWork,
      inject: [EffectBuffer, AirlockService],
      useFactory: (effects: EffectBuffer, airlock: AirlockService) =>
        new ContractWork(this.records, effects, airlock),
    };
    const running = await this.options.start({
      imports: [AirlockModule.forRoot(options)],
      providers: [work, perRequest],
      handlers: handlers.types,
      logger: this.log,
    });
    return new Application(running, handlers);
  }
}
