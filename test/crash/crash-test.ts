import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, ENGINES } from './ledger.js';
import { Outages } from './outages.js';
import type { Random } from './random.js';
import type { Answers } from './settings.js';
import type { Shop } from './shop.js';
import { until } from './until.js';

const PATIENCE_MS = 30_000;
/**
 * What one order may wait for: a server that is down for 1.5 s and has to start, and one flush for
 * an engine.
 */
const SLOWEST_MS = 20_000;

/**
 * Kills processes of the application, then harms its servers, and compares after each what was seen
 * with the rows.
 */
export class CrashTest {
  /** The last line: what became of everything. */
  summary = 'crash: nothing was compared';

  constructor(
    private readonly shop: Shop,
    private readonly random: Random,
    private readonly kills: number,
    private readonly outages: number,
  ) {}

  async run(): Promise<void> {
    const { shop } = this;
    await shop.start();
    const killed = await this.killProcesses();
    await shop.drain();
    print(`${this.kills} kills (${killed})`, await shop.ledger.account(0));

    const start = await shop.ledger.calls();
    await shop.start();
    const happened = await this.harmServers();
    const answers = await shop.drain();
    print(`${this.outages} outages (${happened})`, await shop.ledger.account(start));
    const unreported = await this.review(answers, start);
    await shop.close();
    this.judge(await shop.ledger.account(0), unreported, answers.slowestMs);
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
      if (kill % 20 === 0)
        console.log(`  ${kill} kills, ${await this.shop.ledger.calls()} calls of effects`);
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

  /** @returns how often what happened */
  private async harmServers(): Promise<string> {
    const outages = new Outages(this.shop, this.random);
    for (let outage = 1; outage <= this.outages; outage++) {
      await this.meetLoad();
      await sleep(this.random.between(0, 500));
      await outages.next();
    }
    await this.seeRecovery();
    return [...outages.counts].map(([name, count]) => `${name}: ${count}`).join(', ');
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

  /** Those whose effects were lost without a kill have to know. @returns how many do not */
  private async review(
    { placed, refused, failed, slowestMs, complaints }: Answers,
    start: number,
  ): Promise<number> {
    const { ledger, accidents } = this.shop;
    let unreported = 0;
    for (const engine of ENGINES)
      unreported += await ledger.lostSilently(engine, start, complaints);
    if (unreported > 0)
      accidents.push(`${unreported} effects were lost in outages, and nobody was told.`);
    console.log(
      `  orders: ${placed} placed, ${refused} refused as meant, ${failed} failed; ` +
        `the slowest was answered after ${seconds(slowestMs)}`,
    );
    return unreported;
  }

  private judge(
    { committed, rolledBack, engines }: Account,
    unreported: number,
    slowestMs: number,
  ): void {
    const { accidents } = this.shop;
    const texts = ENGINES.map((engine) => `${engine}: ${textOf(engines[engine])}`).join('; ');
    this.summary =
      `crash: ${this.kills} kills, ${this.outages} outages, ` +
      `${committed + rolledBack} tried (${committed} committed, ${rolledBack} rolled back); ${texts}; ` +
      `${unreported} unreported; slowest ${seconds(slowestMs)}`;
    if (committed === 0 || rolledBack === 0) accidents.push('There is nothing to compare.');
    if (engines['pg-boss'].lost > 0)
      accidents.push('pg-boss lost effects of committed transactions.');
    if (engines.outbox.lost > 0)
      accidents.push('The outbox lost effects of committed transactions.');
    if (slowestMs > SLOWEST_MS)
      accidents.push(`An order was answered after ${seconds(slowestMs)}.`);
    for (const engine of ENGINES) {
      if (engines[engine].phantom > 0)
        accidents.push(`${engine} ran effects of what was not committed.`);
    }
  }

  private async findFailedJobs(): Promise<void> {
    const { ledger, witness, accidents } = this.shop;
    for (const jobs of [await ledger.bossJobs(), await witness.jobs()]) {
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

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
