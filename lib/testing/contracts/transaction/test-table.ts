import { randomUUID } from 'node:crypto';
import { enqueueWith } from '../../../core/functions.js';
import type { EnqueueOptions } from '../../../core/model/enqueue-options.js';
import type { ContractTransaction, TransactionContractClient } from './transaction-contract.js';

/** What is true of a data source in the end. @internal */
export interface Account {
  /** The names of the rows that are there. */
  readonly rows: readonly string[];
  /** The names that effects told when they got out. */
  readonly out: readonly string[];
  /** Those of them that did not find their row. */
  readonly unseen: readonly string[];
}

/**
 * One data source under test, with a table whose rows and effects are counted against each other: each step writes a row
 * and calls an effect that names it.
 *
 * @internal
 */
export class Ledger {
  private readonly table = `airlock_contract_${randomUUID().replaceAll('-', '')}`;
  private connected: TransactionContractClient | undefined;
  private readonly out: string[] = [];
  private readonly unseen: string[] = [];

  get client(): TransactionContractClient {
    return this.connected!;
  }

  async open(connect: () => Promise<TransactionContractClient>): Promise<void> {
    this.connected = await connect();
    await this.client.query(
      `create table ${this.table} (name text primary key, needs text references ${this.table} (name) deferrable initially deferred)`,
    );
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

  /** One step: a row, and an effect that names it and expects to find it, from a connection of its own. */
  async step(where: Pick<ContractTransaction, 'query'>, name: string, options: EnqueueOptions = {}): Promise<void> {
    await where.query(`insert into ${this.table} (name) values ('${name}')`);
    enqueueWith({ ...options, name }, this.found, name);
  }

  /** A step whose row nothing complains about before the commit, which it makes fail. */
  async stepThatCannotCommit(tx: ContractTransaction, name: string): Promise<void> {
    await tx.query(`insert into ${this.table} (name, needs) values ('${name}', 'a row that is not there')`);
    enqueueWith({ name }, this.found, name);
  }

  /** An effect without a row. */
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

  async account(): Promise<Account> {
    const rows = await this.client.query(`select name from ${this.table} order by name`);
    return { rows: rows.map(({ name }) => String(name)), out: this.out.toSorted(), unseen: [...this.unseen] };
  }

  private readonly found = async (name: string): Promise<void> => {
    this.out.push(name);
    const rows = await this.client.query(`select name from ${this.table} where name = '${name}'`);
    if (rows.length === 0) this.unseen.push(name);
  };
}
