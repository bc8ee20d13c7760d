import { root } from '../package/built.js';
import { type Ended, node } from '../package/run.js';
import { describeWithOwn } from '../own-servers/describe-with-own.js';
import { OwnMariadb } from '../own-servers/own.mariadb.js';
import { OwnPostgres } from '../own-servers/own.postgres.js';
import { OwnRedis } from '../own-servers/own.redis.js';
import { type Setup, type SetupName, SETUPS } from './setups.js';

/**
 * Each database, each engine, and each of what may stand behind the outbox; `npm run test:crash`
 * takes all setups.
 */
const names: readonly SetupName[] = ['bullmq-mariadb', 'in-process-postgres'];

const FIGURES =
  /^crash: (?<kills>\d+) kills, (?<outages>\d+) outages, \d+ tried \((?<committed>\d+) committed, (?<rolledBack>\d+) rolled back\); .*; (?<unreported>\d+) unreported; slowest (?<slowest>[\d.]+) s$/;
const ENGINE = /(?<engine>[\w-]+): (?<lost>\d+) lost, (?<phantom>\d+) phantom, \d+ duplicated/g;

/** Half a minute where a machine has nothing else to do. */
const PATIENCE_MS = 600_000;

type Figures = Readonly<Record<string, number>>;

function numbersIn(groups: Readonly<Record<string, string>> | undefined): Figures {
  return Object.fromEntries(
    Object.entries(groups ?? {}).map(([name, figure]) => [name, Number(figure)]),
  );
}

const servers: Readonly<Record<Setup['database'], typeof OwnPostgres | typeof OwnMariadb>> = {
  PostgreSQL: OwnPostgres,
  MariaDB: OwnMariadb,
};

describe.each(names)('the crash test, as %s', (name) => {
  const setup: Setup = SETUPS[name];
  describeWithOwn([servers[setup.database], OwnRedis], 'on servers of its own', () => {
    describe('when processes and servers are killed under load', () => {
      let ended: Ended;
      let figures: Figures;
      let engines: ReadonlyMap<string, Figures>;

      beforeAll(() => {
        const amounts = { CRASH_KILLS: '3', CRASH_OUTAGES: '9', CRASH_FREEZES: '' };
        const env = { CRASH_SETUP: name, ...amounts };
        ended = node(['scripts/crash.mjs'], root, env, PATIENCE_MS);
        const line = ended.stdout.trimEnd().split('\n').at(-1)!;
        figures = numbersIn(FIGURES.exec(line)?.groups);
        engines = new Map(
          [...line.matchAll(ENGINE)].map(({ groups }) => [groups!.engine!, numbersIn(groups)]),
        );
      }, PATIENCE_MS + 10_000);

      it('is back to work each time, and empties the queues', () => {
        if (ended.status !== 0) throw new Error(ended.said);
        expect(figures).toMatchObject({ kills: 3, outages: 9 });
        expect([...engines.keys()]).toEqual(setup.engines);
      });

      it('meets transactions that commit and such that roll back', () => {
        expect(figures.committed).toBeGreaterThan(0);
        expect(figures.rolledBack).toBeGreaterThan(0);
      });

      it('loses no effect that was written in a transaction that committed', () => {
        for (const engine of ['pg-boss', 'outbox']) expect(engines.get(engine)?.lost ?? 0).toBe(0);
      });

      it('loses none in an outage without telling somebody', () => {
        expect(figures.unreported).toBe(0);
      });

      it('runs no effect of a transaction that did not', () => {
        expect([...engines.values()].map(({ phantom }) => phantom)).toEqual(
          setup.engines.map(() => 0),
        );
      });

      it('answers each order in time, as long as its database is there', () => {
        expect(figures.slowest).toBeLessThan(20);
      });
    });
  });
});
