import { setTimeout as sleep } from 'node:timers/promises';
import { Cuts } from './cuts.js';
import { type Account, ENGINES } from './ledger.js';
import type { Random } from './random.js';
import type { Answers } from './settings.js';
import type { Shop } from './shop.js';
import { until } from './until.js';

const PATIENCE_MS = 30_000;

/** Kills processes, then cuts connections, and compares after each what was seen with the rows. */
export class CrashTest {
  /** The last line: what became of everything. */
  summary = 'crash: nothing was compared';

  constructor(
    private readonly shop: Shop,
    private readonly random: Random,
    private readonly kills: number,
    private readonly cuts: number,
  ) {}

  async run(): Promise<void> {
    const { shop } = this;
    await shop.open();
    const killed = await this.killProcesses();
    await shop.drain();
    print(`${this.kills} kills (${killed})`, await shop.ledger.account(0));

    const start = await shop.ledger.calls();
    await shop.open();
    const ended = await this.cutConnections();
    const answers = await shop.drain();
    print(`${this.cuts} cuts (${ended} connections ended by the servers)`, await shop.ledger.account(start));
    await this.review(answers, start);
    await shop.close();
    this.judge(await shop.ledger.account(0));
    await this.findFailedJobs();
  }

  /** @returns how often which process was killed */
  private async killProcesses(): Promise<string> {
    const { members, accidents } = this.shop;
    const counts = new Map(members.map((member) => [member, 0]));
    for (let kill = 1; kill <= this.kills; kill++) {
      await this.meetLoad();
      await sleep(this.random.between(0, 1_000));
      const member = this.random.pick(members.filter(({ isReady }) => isReady));
      await member.kill();
      counts.set(member, counts.get(member)! + 1);
      member.ensureStarted().catch((error: unknown) => accidents.push(String(error)));
      if (kill % 20 === 0) console.log(`  ${kill} kills, ${await this.shop.ledger.calls()} calls of effects`);
    }
    return [...counts].map(([{ name }, count]) => `${name}: ${count}`).join(', ');
  }

  /** What meets no work would prove nothing; after a cut this is the recovery as well. */
  private async meetLoad(): Promise<void> {
    const { ledger } = this.shop;
    const last = await ledger.calls();
    await until(
      async () => (await ledger.calls()) > last,
      PATIENCE_MS,
      () => 'No orders are placed',
    );
  }

  /** @returns how many connections were ended by the servers */
  private async cutConnections(): Promise<number> {
    const cuts = new Cuts(this.shop, this.random);
    for (let cut = 1; cut <= this.cuts; cut++) {
      await this.meetLoad();
      await sleep(this.random.between(0, 500));
      await cuts.make();
    }
    await this.seeRecovery();
    return cuts.ended;
  }

  /** Orders are committed again, and new effects of both engines are seen. */
  private async seeRecovery(): Promise<void> {
    const { ledger } = this.shop;
    const last = await ledger.calls();
    const isBack = async (): Promise<boolean> => {
      const seen = await Promise.all(ENGINES.map((engine) => ledger.hasSeen(engine, last)));
      return seen.every(Boolean);
    };
    await until(isBack, PATIENCE_MS, () => 'No effects of new orders are seen');
  }

  /** Those whose effects were lost without a kill have to know. */
  private async review({ placed, refused, failed, slowestMs, complaints }: Answers, start: number): Promise<void> {
    const { ledger, accidents } = this.shop;
    const silent = await ledger.lostSilently('BullMQ', start, complaints);
    if (silent > 0) accidents.push(`${silent} effects were lost in cuts, and nobody was told.`);
    console.log(
      `  orders: ${placed} placed, ${refused} refused as meant, ${failed} failed; ${silent} lost effects that nobody was told of; ` +
        `the slowest was answered after ${(slowestMs / 1_000).toFixed(1)} s`,
    );
  }

  private judge({ committed, rolledBack, engines }: Account): void {
    const { accidents } = this.shop;
    const texts = ENGINES.map((engine) => `${engine}: ${textOf(engines[engine])}`).join('; ');
    this.summary = `crash: ${this.kills} kills, ${this.cuts} cuts, ${committed} committed, ${rolledBack} rolled back; ${texts}`;
    if (committed === 0 || rolledBack === 0) accidents.push('There is nothing to compare.');
    if (engines['pg-boss'].lost > 0) accidents.push('pg-boss lost effects of committed transactions.');
    for (const engine of ENGINES) {
      if (engines[engine].phantom > 0) accidents.push(`${engine} ran effects of what was not committed.`);
    }
  }

  private async findFailedJobs(): Promise<void> {
    const { ledger, redis, accidents } = this.shop;
    for (const jobs of [await ledger.bossJobs(), await redis.jobs()]) {
      if (jobs.get('failed')) accidents.push(`${jobs.get('failed')} jobs failed for good.`);
    }
  }
}

function print(what: string, { committed, rolledBack, engines }: Account): void {
  console.log(`${what}: ${committed} committed, ${rolledBack} rolled back`);
  for (const engine of ENGINES) console.log(`  ${engine}: ${textOf(engines[engine])}`);
}

function textOf({ lost, phantom, duplicated }: Account['engines']['BullMQ']): string {
  return `${lost} lost, ${phantom} phantom, ${duplicated} duplicated`;
}
