import { root } from '../package/built.js';
import { type Ended, node } from '../package/run.js';
import { describeWithOwn } from '../own-servers/describe-with-own.js';
import { OwnPostgres } from '../own-servers/own.postgres.js';
import { OwnRedis } from '../own-servers/own.redis.js';

const FIGURES = new RegExp(
  '^crash: (?<kills>\\d+) kills, (?<outages>\\d+) outages, (?<tried>\\d+) tried \\((?<committed>\\d+) committed, (?<rolledBack>\\d+) rolled back\\); ' +
    'pg-boss: (?<bossLost>\\d+) lost, (?<bossPhantom>\\d+) phantom, (?<bossDuplicated>\\d+) duplicated; ' +
    'BullMQ: (?<bullLost>\\d+) lost, (?<bullPhantom>\\d+) phantom, (?<bullDuplicated>\\d+) duplicated; ' +
    'outbox: (?<outboxLost>\\d+) lost, (?<outboxPhantom>\\d+) phantom, (?<outboxDuplicated>\\d+) duplicated; ' +
    '(?<unreported>\\d+) unreported; slowest (?<slowest>[\\d.]+) s$',
);

describeWithOwn([OwnPostgres, OwnRedis], 'the crash test', () => {
  describe.each(['bullmq', 'in-process'])(
    'when processes and servers are killed under load, with %s behind the outbox',
    (outbox) => {
      let ended: Ended;
      let figures: Readonly<Record<string, number>>;

      beforeAll(() => {
        ended = node(['scripts/crash.mjs'], root, {
          CRASH_KILLS: '4',
          CRASH_OUTAGES: '9',
          CRASH_OUTBOX: outbox,
        });
        const found = FIGURES.exec(ended.stdout.trimEnd().split('\n').at(-1)!)?.groups ?? {};
        figures = Object.fromEntries(
          Object.entries(found).map(([name, figure]) => [name, Number(figure)]),
        );
      }, 300_000);

      it('is back to work each time, and empties the queues', () => {
        if (ended.status !== 0) throw new Error(ended.said);
        expect(figures).toMatchObject({ kills: 4, outages: 9 });
      });

      it('meets transactions that commit and such that roll back', () => {
        expect(figures.committed).toBeGreaterThan(0);
        expect(figures.rolledBack).toBeGreaterThan(0);
      });

      it('loses no effect that pg-boss was given in a transaction that committed', () => {
        expect(figures.bossLost).toBe(0);
      });

      it('loses no effect that is in the outbox', () => {
        expect(figures.outboxLost).toBe(0);
      });

      it('loses none in an outage without telling somebody', () => {
        expect(figures.unreported).toBe(0);
      });

      it('runs no effect of a transaction that did not', () => {
        expect(figures).toMatchObject({ bossPhantom: 0, bullPhantom: 0, outboxPhantom: 0 });
      });

      it('answers each order in time', () => {
        expect(figures.slowest).toBeLessThan(20);
      });
    },
  );
});
