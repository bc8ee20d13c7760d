import { ContractSuite, type Lack } from '../contract-suite.js';
import type { TestRunner } from '../test-runner.js';
import { type Dialect, dialectNamed } from './dialect.js';
import { TestTable } from './test-table.js';
import type {
  TransactionContractClient,
  TransactionContractOptions,
} from './transaction-contract.js';

/**
 * Abilities that an adapter, its client or its database may lack, each with the text of skipped
 * cases.
 * @internal
 */
interface Lacks {
  readonly savepoints: Lack;
  /** Transactions that run a callback, whose leftovers can be told apart. */
  readonly callbacks: Lack;
  /** A second connection while a transaction is open, which can also be ended. */
  readonly server: Lack;
  /** Transactions that are open at the same time. */
  readonly secondWriter: Lack;
}

/** Tools that every case of the contract works with. @internal */
export class TransactionSuite extends ContractSuite {
  readonly dialect: Dialect;
  readonly lacks: Lacks;
  readonly first: TestTable;
  readonly second: TestTable;

  constructor(
    runner: TestRunner,
    readonly options: TransactionContractOptions,
  ) {
    super(runner);
    const dialect = dialectNamed(options.dialect ?? 'postgres');
    const {
      savepoints = true,
      byStatements = false,
      isServer = dialect.connections !== undefined,
    } = options;
    this.dialect = dialect;
    this.lacks = {
      savepoints: !savepoints && 'no savepoints',
      callbacks: byStatements && 'transactions by statements',
      server: !isServer && 'no server',
      secondWriter: dialect.lacksSecondWriter,
    };
    this.first = new TestTable(dialect);
    this.second = new TestTable(dialect);
  }

  /**
   * Connects two data sources before the cases, empties their tables before each, and drops them in
   * the end.
   */
  keepTables(): void {
    for (const table of [this.first, this.second]) {
      this.shared(async () => {
        await table.open(() => this.options.connect());
        return table;
      });
      this.beforeEach(() => table.clear());
    }
  }

  /** The client most cases use. */
  get client(): TransactionContractClient {
    return this.first.client;
  }

  /**
   * Checks that exactly these rows exist and these effects got out, each of which found its own
   * row.
   */
  async settled(names: readonly string[], table = this.first): Promise<void> {
    await this.leaves({ rows: names, out: names }, table);
  }

  /**
   * Checks rows and effects where they differ: an outcome or a policy kept an effect in, or an
   * effect has no row.
   */
  async leaves(
    expected: { rows: readonly string[]; out: readonly string[] },
    table = this.first,
  ): Promise<void> {
    const { rows, out } = expected;
    this.same(await table.state(), { rows: rows.toSorted(), out: out.toSorted(), unseen: [] });
  }
}
