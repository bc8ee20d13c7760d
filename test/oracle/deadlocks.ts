import type { Pool } from 'mysql2/promise';
import type { Deadlock } from './machine.js';

/** InnoDB rolls back who has written less: more than a program writes in a transaction. */
const ROWS = 200;

/** Provokes deadlocks on a table of its own, on rows that nobody else knows. */
export class Deadlocks {
  private constructor(private readonly rivals: Pool) {}

  static async on(rivals: Pool): Promise<Deadlocks> {
    await rivals.query(
      'create table locks (name varchar(200) primary key, amount int default 0) engine=InnoDB',
    );
    return new Deadlocks(rivals);
  }

  /** Each has a row that the other one wants. Whoever is second to want it closes the circle. */
  readonly provoke: Deadlock = async (tx, path) => {
    const rival = await this.rivals.getConnection();
    try {
      await rival.query('begin');
      const rows = Array.from({ length: ROWS }, (_, row) => `('${path}-rival-${row}')`);
      await rival.query(`insert into locks (name) values ${rows.join()}`);
      await tx.query(`insert into locks (name) values ('${path}')`);
      const wanting = rival.query(`update locks set amount = 1 where name = '${path}'`);
      const lost = tx.query(`update locks set amount = 1 where name = '${path}-rival-0'`);
      await Promise.allSettled([wanting, lost]);
      await lost;
    } finally {
      await rival.query('rollback');
      rival.release();
    }
  };
}
