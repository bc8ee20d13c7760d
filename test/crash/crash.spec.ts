import { root } from '../package/built.js';
import { type Ended, node } from '../package/run.js';
import { describeWith, postgres, redis } from '../servers.js';

const FIGURES =
  /^crash: (?<kills>\d+) kills, (?<cuts>\d+) cuts, (?<committed>\d+) committed, (?<rolledBack>\d+) rolled back; pg-boss: (?<bossLost>\d+) lost, (?<bossPhantom>\d+) phantom, (?<bossDuplicated>\d+) duplicated; BullMQ: (?<bullLost>\d+) lost, (?<bullPhantom>\d+) phantom, (?<bullDuplicated>\d+) duplicated$/;

describeWith(postgres, 'the crash test', () => {
  describeWith(redis, 'when processes are killed and connections are cut under load', () => {
    let ended: Ended;
    let figures: Readonly<Record<string, number>>;

    beforeAll(() => {
      const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, CRASH_KILLS: '6', CRASH_CUTS: '4' };
      ended = node(['scripts/crash.mjs'], root, env);
      const found = FIGURES.exec(ended.stdout.trimEnd().split('\n').at(-1)!)?.groups ?? {};
      figures = Object.fromEntries(Object.entries(found).map(([name, figure]) => [name, Number(figure)]));
    }, 200_000);

    it('is back to work each time, and empties the queues', () => {
      if (ended.status !== 0) throw new Error(ended.said);
      expect(figures).toMatchObject({ kills: 6, cuts: 4 });
    });

    it('meets transactions that commit and such that roll back', () => {
      expect(figures.committed).toBeGreaterThan(0);
      expect(figures.rolledBack).toBeGreaterThan(0);
    });

    it('loses no effect that pg-boss was given in a transaction that committed', () => {
      expect(figures.bossLost).toBe(0);
    });

    it('runs no effect of a transaction that did not', () => {
      expect(figures).toMatchObject({ bossPhantom: 0, bullPhantom: 0 });
    });
  });
});
