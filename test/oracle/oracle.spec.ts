import { appendFileSync, mkdirSync } from 'node:fs';
import fc from 'fast-check';
import { createPool } from 'mysql2/promise';
import { connectNodePostgres } from '../integrations/drizzle/contract.client.js';
import { connectKnex } from '../integrations/knex/contract.client.js';
import { connectPg } from '../integrations/pg/contract.client.js';
import { describeWith, freshMariadb, mariadb, postgres } from '../servers.js';
import { Deadlocks } from './deadlocks.js';
import { Machine } from './machine.js';
import { type ConnectOnMariadb, onMariadb } from './mariadb.clients.js';
import { verdictOf } from './model.js';
import type { Node } from './program.js';
import { type Database, programsOn } from './programs.js';

const SEED = Number(process.env.ORACLE_SEED || Math.floor(Math.random() * 2 ** 31));

/** More connections than any program uses at a time. */
const CONNECTIONS = 12;

/** No program asks what a crash of the server would leave. */
const TUNING = { max: CONNECTIONS, settings: { synchronous_commit: 'off' } };

const TABLE = {
  PostgreSQL:
    'create table steps (name text primary key, needs text references steps deferrable initially deferred)',
  MariaDB: 'create table steps (name varchar(200) primary key) engine=InnoDB',
};

type Machines = Readonly<Record<string, () => Promise<Machine>>>;

const onPostgres: Machines = {
  pg: async () => Machine.on(await connectPg(TUNING), TABLE.PostgreSQL),
  Drizzle: async () => Machine.on(await connectNodePostgres(TUNING), TABLE.PostgreSQL),
  Knex: async () => Machine.on(await connectKnex(undefined, TUNING), TABLE.PostgreSQL),
};

const machinesOnMariadb: Machines = Object.fromEntries(
  Object.entries(onMariadb).map(([name, connect]) => [name, () => machineOnMariadb(connect)]),
);

async function machineOnMariadb(connect: ConnectOnMariadb): Promise<Machine> {
  const database = await freshMariadb();
  const rivals = createPool({ uri: database.url, connectionLimit: CONNECTIONS });
  const deadlocks = await Deadlocks.on(rivals);
  const client = await connect(database.url, CONNECTIONS);
  const close = async (): Promise<void> => {
    await client.close();
    await rivals.end();
    await database.drop();
  };
  return Machine.on({ ...client, close }, TABLE.MariaDB, deadlocks.provoke);
}

function describeOracle(database: Database, machines: Machines, programs: number): void {
  const names = Object.keys(machines);
  const running = new Map<string, Machine>();
  const tally = { programs: 0, out: 0, dropped: 0, disagreements: 0 };

  beforeAll(async () => {
    for (const [name, start] of Object.entries(machines)) running.set(name, await start());
  }, 60_000);
  afterAll(async () => {
    for (const machine of running.values()) await machine.stop();
    const { out, dropped, disagreements } = tally;
    mkdirSync('.cache', { recursive: true });
    appendFileSync(
      '.cache/oracle.txt',
      `oracle on ${database}: ${tally.programs} programs, ${out} effects out, ${dropped} effects dropped, ${disagreements} disagreements (ORACLE_SEED=${SEED})\n`,
    );
  }, 60_000);

  /**
   * The first disagreement ends it; what comes after that are smaller programs that disagree as
   * well.
   */
  const judge = async (name: string, node: Node): Promise<void> => {
    const counts = tally.disagreements === 0 ? tally : { ...tally };
    counts.programs++;
    try {
      const { called, ...run } = await running.get(name)!.run(node);
      counts.out += run.out.length;
      counts.dropped += called - run.out.length;
      const verdict = verdictOf(node, { losesSavepoints: name === 'TypeORM' });
      expect(run).toEqual({ ...verdict, unseen: [] });
    } catch (error) {
      counts.disagreements = 1;
      throw error;
    }
  };

  describe('when a random program has run', () => {
    it(
      'has let out the effects of the rows that are there, minus what policies and outcomes forbid',
      async () => {
        const property = fc.asyncProperty(fc.constantFrom(...names), programsOn(database), judge);
        await fc.assert(property, { numRuns: programs, seed: SEED });
        expect(tally).toMatchObject({ programs, disagreements: 0 });
      },
      60_000 + programs * 500,
    );
  });
}

describeWith(postgres, 'the oracle on PostgreSQL', () => {
  describeOracle('PostgreSQL', onPostgres, Number(process.env.ORACLE_PROGRAMS || 250));
});

describeWith(mariadb, 'the oracle on MariaDB', () => {
  describeOracle('MariaDB', machinesOnMariadb, Number(process.env.ORACLE_MARIADB_PROGRAMS || 60));
});
