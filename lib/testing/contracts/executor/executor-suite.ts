import type { Provider } from '@nestjs/common';
import { setTimeout } from 'node:timers/promises';
import { trackTransactions } from '../../../core/frame/track-transactions.js';
import { openFrame } from '../../../core/frame/transaction-frame.js';
import { AirlockOptionsError } from '../../../errors/airlock-options.error.js';
import { AirlockService } from '../../../nest/services/airlock.service.js';
import type { TestRunner } from '../test-runner.js';
import type {
  ExecutorContractDelivery,
  ExecutorContractOptions,
  ExecutorContractProviders,
  ExecutorContractSystem,
} from './executor-contract.js';
import { ContractAbsentee, ContractEffects } from './contract-effects.js';
import { ContractRecord } from './contract-record.js';

type Test = () => Promise<void>;

/** An engine takes its time to start. */
const BOOTING_MS = 60_000;

/** What every case of the contract works with. @internal */
export class ExecutorSuite {
  readonly record = new ContractRecord();
  readonly isRemote: boolean;
  readonly isTransactional: boolean;
  readonly attempts: number;
  private readonly isOrdered: boolean;
  private readonly timeoutMs: number;
  private booted: ExecutorContractSystem | undefined;
  private marks = 0;

  constructor(
    private readonly runner: TestRunner,
    private readonly options: ExecutorContractOptions,
  ) {
    this.isRemote = options.remote ?? false;
    this.isTransactional = options.transactional ?? false;
    this.attempts = options.attempts ?? 1;
    this.isOrdered = options.ordered ?? true;
    this.timeoutMs = options.timeoutMs ?? 20_000;
  }

  /** Boots before the cases and shuts down after them. */
  keepSystem(): void {
    const { runner, record } = this;
    runner.beforeAll(async () => {
      this.booted = await this.boot();
    }, BOOTING_MS);
    runner.beforeEach(async () => record.clear());
    runner.afterAll(async () => this.booted?.close(), BOOTING_MS);
  }

  boot(): Promise<ExecutorContractSystem> {
    const shared: readonly Provider[] = [{ provide: ContractRecord, useValue: this.record }, ContractEffects];
    const providers: ExecutorContractProviders = { producer: [...shared, ContractAbsentee], consumer: shared };
    return this.options.boot(providers);
  }

  /** The system most cases use. */
  get system(): ExecutorContractSystem {
    return this.booted!;
  }

  get airlock(): AirlockService {
    return this.system.producer.get(AirlockService, { strict: false });
  }

  get effects(): ContractEffects {
    return this.system.producer.get(ContractEffects, { strict: false });
  }

  /** An effect that only the producing side has. */
  get absentee(): ContractAbsentee {
    return this.system.producer.get(ContractAbsentee, { strict: false });
  }

  when(condition: string, cases: () => void): void {
    this.runner.describe(`when ${condition}`, cases);
  }

  it(truth: string, test: Test): void {
    // Longer than what a case waits for, so that a miss is told as a difference and not as a timeout.
    this.runner.it(truth, test, 3 * this.timeoutMs);
  }

  same(actual: unknown, expected: unknown): void {
    this.runner.expect(actual).toEqual(expected);
  }

  /** What ran in the end, and nothing besides. */
  async ran(expected: readonly string[]): Promise<void> {
    await this.until(() => this.record.ran.length >= expected.length);
    await this.caughtUp();
    this.same(this.inOrder(this.record.ran), this.inOrder(expected));
  }

  /** Where the engine keeps no order, nobody may depend on one. */
  inOrder(texts: readonly string[]): readonly string[] {
    return this.isOrdered ? texts : texts.toSorted();
  }

  /** Waits until an effect that is let out now has run: what was let out before has then run too, or never will. */
  async caughtUp(): Promise<void> {
    const name = `mark ${++this.marks}`;
    await this.airlock.run(() => this.effects.mark(name));
    await this.until(() => this.record.hasMark(name));
  }

  /** Resolves also where it does not come true in time: what is compared afterwards says what is wrong. */
  async until(isTrue: () => boolean): Promise<void> {
    const end = performance.now() + this.timeoutMs;
    while (!isTrue() && performance.now() < end) await setTimeout(5);
  }

  delivered(): readonly ExecutorContractDelivery[] {
    const { system } = this;
    if (system.delivered !== undefined) return system.delivered();
    throw missing('delivered', 'leave the process (`remote: true`)');
  }

  transaction<T>(fn: () => Promise<T>): Promise<T> {
    const { system } = this;
    if (system.transaction !== undefined) return system.transaction(fn);
    if (this.isTransactional) throw missing('transaction', 'are written in a transaction (`transactional: true`)');
    return framed(fn);
  }
}

/** A transaction without a database: what became of it is all that such an executor can tell. */
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

/** The error that `work` throws or rejects with. @internal */
export async function errorOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('Expected an error, but there was none.');
}
