import type { Provider } from '@nestjs/common';
import { trackTransactions } from '../../../core/frame/track-transactions.js';
import { openFrame } from '../../../core/frame/open-frame.js';
import { AirlockOptionsError } from '../../../errors/airlock-options.error.js';
import { AirlockService } from '../../../nest/services/airlock.service.js';
import { ContractSuite } from '../contract-suite.js';
import type { TestRunner } from '../test-runner.js';
import { until } from '../until.js';
import type {
  ExecutorContractDelivery,
  ExecutorContractOptions,
  ExecutorContractProviders,
  ExecutorContractSystem,
} from './executor-contract.js';
import { ContractAbsentee, ContractEffects } from './contract-effects.js';
import { ContractRecord } from './contract-record.js';

/** Tools that every case of the contract works with. @internal */
export class ExecutorSuite extends ContractSuite {
  readonly record = new ContractRecord();
  readonly isRemote: boolean;
  readonly isTransactional: boolean;
  readonly attempts: number;
  private readonly isOrdered: boolean;
  private readonly timeoutMs: number;
  private booted!: () => ExecutorContractSystem;
  private marks = 0;

  constructor(
    runner: TestRunner,
    private readonly options: ExecutorContractOptions,
  ) {
    const { timeoutMs = 20_000 } = options;
    super(runner, 3 * timeoutMs);
    this.timeoutMs = timeoutMs;
    this.isRemote = options.remote ?? false;
    this.isTransactional = options.transactional ?? false;
    this.attempts = options.attempts ?? 1;
    this.isOrdered = options.ordered ?? true;
  }

  /** Boots a system for most cases, and clears the record before each. */
  keepSystem(): void {
    this.booted = this.shared(() => this.boot());
    this.beforeEach(async () => this.record.clear());
  }

  boot(): Promise<ExecutorContractSystem> {
    const common: readonly Provider[] = [
      { provide: ContractRecord, useValue: this.record },
      ContractEffects,
    ];
    const providers: ExecutorContractProviders = {
      producer: [...common, ContractAbsentee],
      consumer: common,
    };
    return this.options.boot(providers);
  }

  private get system(): ExecutorContractSystem {
    return this.booted();
  }

  get airlock(): AirlockService {
    return this.system.producer.get(AirlockService, { strict: false });
  }

  get effects(): ContractEffects {
    return this.system.producer.get(ContractEffects, { strict: false });
  }

  /** Effect that only the producing side has. */
  get absentee(): ContractAbsentee {
    return this.system.producer.get(ContractAbsentee, { strict: false });
  }

  /** Compares what ran in the end. */
  async ran(expected: readonly string[]): Promise<void> {
    await this.until(() => this.record.ran.length >= expected.length);
    await this.caughtUp();
    this.same(this.inOrder(this.record.ran), this.inOrder(expected));
  }

  /** Sorts texts if the engine keeps no order. */
  inOrder(texts: readonly string[]): readonly string[] {
    return this.isOrdered ? texts : texts.toSorted();
  }

  /**
   * Waits until an effect that is let out now has run: effects that were let out before have then
   * run too, or never will.
   */
  async caughtUp(): Promise<void> {
    const name = `mark ${++this.marks}`;
    await this.airlock.run(() => this.effects.mark(name));
    await this.until(() => this.record.hasMark(name));
  }

  /**
   * Resolves even if it does not become true in time: the comparison afterwards says what is wrong.
   */
  async until(isTrue: () => boolean): Promise<void> {
    await until(isTrue, this.timeoutMs);
  }

  delivered(): readonly ExecutorContractDelivery[] {
    const { system } = this;
    if (system.delivered !== undefined) return system.delivered();
    throw missing('delivered', 'leave the process (`remote: true`)');
  }

  transaction<T>(fn: () => Promise<T>): Promise<T> {
    const { system } = this;
    if (system.transaction !== undefined) return system.transaction(fn);
    if (this.isTransactional)
      throw missing('transaction', 'are written in a transaction (`transactional: true`)');
    return framed(fn);
  }
}

/**
 * Tracks a transaction without a database: an executor that is not transactional sees only its end.
 */
const framed = trackTransactions(
  async <T>(callback: (tx: undefined) => Promise<T>): Promise<T> => callback(undefined),
  () => openFrame({ name: 'contract' }),
);

function missing(key: string, which: string): AirlockOptionsError {
  return new AirlockOptionsError(
    key,
    `\`boot\` resolved to a system without \`${key}\`, which the contract needs where effects ${which}.`,
  );
}
