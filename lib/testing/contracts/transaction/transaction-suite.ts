import type { TransactionContractClient, TransactionContractOptions } from './transaction-contract.js';
import { Ledger } from './ledger.js';
import type { TestRunner } from '../test-runner.js';

type Test = () => Promise<void>;

/** A database in this process takes its time to start. */
const CONNECTING_MS = 60_000;

/** A case takes milliseconds; a loaded machine takes its time. */
const CASE_MS = 20_000;

/** What every case of the contract works with. @internal */
export class ContractSuite {
  readonly first = new Ledger();
  readonly second = new Ledger();

  constructor(
    private readonly runner: TestRunner,
    readonly options: TransactionContractOptions,
  ) {}

  /** The client most cases use. */
  get client(): TransactionContractClient {
    return this.first.client;
  }

  /** Connects both data sources before the cases, empties them before each, and leaves nothing behind. */
  keepLedgers(): void {
    const { runner, first, second } = this;
    runner.beforeAll(async () => {
      await first.open(() => this.options.connect());
      await second.open(() => this.options.connect());
    }, CONNECTING_MS);
    runner.beforeEach(async () => {
      await first.clear();
      await second.clear();
    });
    runner.afterAll(async () => {
      await first.close();
      await second.close();
    }, CONNECTING_MS);
  }

  when(condition: string, cases: () => void): void {
    this.runner.describe(`when ${condition}`, cases);
  }

  it(truth: string, test: Test): void {
    this.runner.it(truth, test, CASE_MS);
  }

  /** A case with a second connection while a transaction is open. */
  itOnServer(truth: string, test: Test): void {
    if (this.options.isServer !== false) return this.it(truth, test);
    this.runner.it.skip(`${truth} (skipped: no server)`, test);
  }

  /** A case with what a callback leaves behind. */
  itWithCallbacks(truth: string, test: Test): void {
    if (this.options.byStatements !== true) return this.it(truth, test);
    this.runner.it.skip(`${truth} (skipped: transactions by statements)`, test);
  }

  itWithSavepointsAndCallbacks(truth: string, test: Test): void {
    if (this.options.savepoints !== false) return this.itWithCallbacks(truth, test);
    this.itWithSavepoints(truth, test);
  }

  itWithSavepoints(truth: string, test: Test): void {
    if (this.options.savepoints !== false) return this.it(truth, test);
    this.runner.it.skip(`${truth} (skipped: no savepoints)`, test);
  }

  itOnServerWithSavepoints(truth: string, test: Test): void {
    if (this.options.savepoints !== false) return this.itOnServer(truth, test);
    this.itWithSavepoints(truth, test);
  }

  same(actual: unknown, expected: unknown): void {
    this.runner.expect(actual).toEqual(expected);
  }

  /** Effects that got out equal the rows that are there, and each found its own. */
  async settled(names: readonly string[], ledger = this.first): Promise<void> {
    await this.account({ rows: names, out: names }, ledger);
  }

  /** For what an outcome or a policy keeps in although its row is there, and for effects without a row. */
  async account(expected: { rows: readonly string[]; out: readonly string[] }, ledger = this.first): Promise<void> {
    const { rows, out } = expected;
    this.same(await ledger.account(), { rows: rows.toSorted(), out: out.toSorted(), unseen: [] });
  }
}

/** @internal */
export class Refusal extends Error {
  constructor() {
    super('refused on purpose');
  }
}

/** Runs what is expected to fail on purpose, and swallows that. @internal */
export async function swallowed(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch {
    return;
  }
  throw new Error('Expected an error to swallow, but there was none.');
}
