import { randomUUID } from 'node:crypto';
import { enqueueWith } from '../../../core/functions.js';
import type { EnqueueOptions } from '../../../core/model/enqueue-options.js';
import type { Dialect } from './dialect.js';
import type { ContractTransaction, TransactionContractClient } from './transaction-contract.js';

/** State of a data source at the end of a case. */
interface TableState {
  /** Names of the rows that exist. */
  readonly rows: readonly string[];
  /** Names of the effects that got out. */
  readonly out: readonly string[];
  /** Effects that did not find their row. */
  readonly unseen: readonly string[];
}

/**
 * Data source under test with a table. Each step writes a row and calls an effect that names it, so
 * that rows and effects can be compared.
 *
 * @internal
 */
export class TestTable {
  private readonly table = `airlock_contract_${randomUUID().replaceAll('-', '')}`;
  private connected: TransactionContractClient | undefined;
  private readonly out: string[] = [];
  private readonly unseen: string[] = [];

  constructor(private readonly dialect: Dialect) {}

  get client(): TransactionContractClient {
    return this.connected!;
  }

  async open(connect: () => Promise<TransactionContractClient>): Promise<void> {
    this.connected = await connect();
    await this.client.query(this.dialect.createTable(this.table));
  }

  async close(): Promise<void> {
    if (this.connected === undefined) return;
    await this.client.query(`drop table ${this.table}`);
    await this.client.close();
  }

  async clear(): Promise<void> {
    this.out.length = this.unseen.length = 0;
    await this.client.query(`delete from ${this.table}`);
  }

  /**
   * Writes a row, and calls an effect that names it and expects to find it, from a connection of
   * its own.
   */
  async step(
    where: Pick<ContractTransaction, 'query'>,
    name: string,
    options: EnqueueOptions = {},
  ): Promise<void> {
    await this.write(where, name);
    enqueueWith({ ...options, name }, this.found, name);
  }

  /** Writes a row, and calls no effect. */
  async write(where: Pick<ContractTransaction, 'query'>, name: string): Promise<void> {
    await where.query(`insert into ${this.table} (name) values ('${name}')`);
  }

  /** Takes a step whose row makes the commit fail, and nothing before it. */
  async stepThatCannotCommit(tx: ContractTransaction, name: string): Promise<void> {
    await tx.query(
      `insert into ${this.table} (name, needs) values ('${name}', 'a row that is not there')`,
    );
    enqueueWith({ name }, this.found, name);
  }

  /** Calls an effect without a row. */
  tell(name: string, options: EnqueueOptions = {}): void {
    enqueueWith({ ...options, name }, (text: string) => void this.out.push(text), name);
  }

  /** Reads all rows, so that a serializable transaction depends on them. */
  async count(tx: ContractTransaction): Promise<number> {
    return (await tx.query(`select name from ${this.table}`)).length;
  }

  get outSoFar(): readonly string[] {
    return [...this.out];
  }

  async state(): Promise<TableState> {
    const rows = await this.client.query(`select name from ${this.table} order by name`);
    return {
      rows: rows.map(({ name }) => String(name)),
      out: this.out.toSorted(),
      unseen: [...this.unseen],
    };
  }

  private readonly found = async (name: string): Promise<void> => {
    this.out.push(name);
    const rows = await this.client.query(`select name from ${this.table} where name = '${name}'`);
    if (rows.length === 0) this.unseen.push(name);
  };
}
