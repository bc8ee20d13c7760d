import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, Verdict } from './ledger.js';
import { Outages } from './outages.js';
import type { Random } from './random.js';
import type { Answers, Wait } from './settings.js';
import type { Shop } from './shop.js';
import { until } from '../until.js';

/** Ends a wait for what would never come: how fast a machine is, is not in question. */
const PATIENCE_MS = 120_000;
/**
 * What one order may wait for beside its database: a pool, and a flush for each engine, while a
 * server is away or starts.
 */
const SLOWEST_MS = 20_000;

/** How much of everything happens. */
export interface Amounts {
  readonly kills: number;
  readonly outages: number;
  /** Seconds for which each server hangs in the end. */
  readonly freezes: readonly number[];
}

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
    private readonly amounts: Amounts,
  ) {}

  async run(): Promise<void> {
    const { shop } = this;
    const { kills, outages, freezes } = this.amounts;
    await shop.start();
    const killed = await this.killProcesses();
    await shop.drain();
    print(`${kills} kills (${killed})`, await shop.ledger.account(0));

    const start = await shop.ledger.calls();
    await shop.start();
    const happened = await this.harmServers();
    const answers = await shop.drain();
    const harmed = await shop.ledger.account(start);
    print(
      `${outages} outages and ${2 * freezes.length} long ones (${textOf(happened.counts)})`,
      harmed,
    );
    const unreported = await this.review(answers, start);
    await shop.close();
    this.judge(
      await shop.ledger.account(0),
      unreported,
      slowest(answers.slow, happened.withoutDatabase),
    );
    await this.findFailedJobs();
  }

  /** @returns how often which process was killed */
  private async killProcesses(): Promise<string> {
    const { members, accidents } = this.shop;
    const counts = new Map(members.map((member) => [member, 0]));
    for (let kill = 1; kill <= this.amounts.kills; kill++) {
      await this.meetLoad();
      await sleep(this.random.between(0, 1_000));
      const member = this.random.pick(members.filter(({ isReady }) => isReady));
      await member.kill();
      counts.set(member, counts.get(member)! + 1);
      member.ensureStarted().catch((error: unknown) => accidents.push(String(error)));
      if (kill % 20 === 0)
        console.log(`  ${kill} kills, ${await this.shop.ledger.calls()} calls of effects`);
    }
    return textOf(new Map([...counts].map(([{ name }, count]) => [name, count])));
  }

  /** What meets no work would prove nothing; after a cut this is the recovery as well. */
  private async meetLoad(): Promise<void> {
    const { ledger, accidents } = this.shop;
    const last = await ledger.calls();
    await until(
      async () => {
        if (accidents.length > 0) throw new Error('There is nothing to go on with.');
        return (await ledger.calls()) > last;
      },
      PATIENCE_MS,
      () => `No orders are placed. ${this.shop.lastWords()}`,
    );
  }

  private async harmServers(): Promise<Outages> {
    const outages = new Outages(this.shop, this.random);
    for (let outage = 1; outage <= this.amounts.outages; outage++) {
      await this.meetLoad();
      await sleep(this.random.between(0, 500));
      await outages.next();
    }
    for (const seconds of this.amounts.freezes) {
      for (const server of ['redis', 'database'] as const) {
        await this.meetLoad();
        await outages.freezeFor(seconds, server);
      }
    }
    await this.seeRecovery();
    return outages;
  }

  /** Orders are committed again, and new effects of all engines are seen. */
  private async seeRecovery(): Promise<void> {
    const { ledger, setup } = this.shop;
    const last = await ledger.calls();
    const isBack = async (): Promise<boolean> => {
      const seen = await Promise.all(setup.engines.map((engine) => ledger.hasSeen(engine, last)));
      return seen.every(Boolean);
    };
    await until(isBack, PATIENCE_MS, () => 'No effects of new orders are seen');
  }

  /** Those whose effects were lost without a kill have to know. @returns how many do not */
  private async review(
    { placed, refused, failed, slow, complaints }: Answers,
    start: number,
  ): Promise<number> {
    const { ledger, accidents, setup } = this.shop;
    let unreported = 0;
    for (const engine of setup.engines)
      unreported += await ledger.lostSilently(engine, start, complaints);
    if (unreported > 0)
      accidents.push(`${unreported} effects were lost in outages, and nobody was told.`);
    console.log(
      `  orders: ${placed} placed, ${refused} refused as meant, ${failed} failed; ` +
        `the slowest was answered after ${seconds(slowest(slow, []))}`,
    );
    return unreported;
  }

  private judge(
    { committed, rolledBack, engines }: Account,
    unreported: number,
    slowestMs: number,
  ): void {
    const { accidents } = this.shop;
    const { kills, outages, freezes } = this.amounts;
    const texts = [...engines].map(([engine, verdict]) => `${engine}: ${verdictOf(verdict)}`);
    this.summary =
      `crash: ${kills} kills, ${outages + 2 * freezes.length} outages, ` +
      `${committed + rolledBack} tried (${committed} committed, ${rolledBack} rolled back); ` +
      `${texts.join('; ')}; ${unreported} unreported; slowest ${seconds(slowestMs)}`;
    if (committed === 0 || rolledBack === 0) accidents.push('There is nothing to compare.');
    if (slowestMs > SLOWEST_MS)
      accidents.push(`An order waited ${seconds(slowestMs)}, its database being there.`);
    for (const [engine, { lost, phantom }] of engines) {
      // BullMQ alone is handed effects after the COMMIT.
      if (engine !== 'BullMQ' && lost > 0)
        accidents.push(`${engine} lost effects of committed transactions.`);
      if (phantom > 0) accidents.push(`${engine} ran effects of what was not committed.`);
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
  for (const [engine, verdict] of engines) console.log(`  ${engine}: ${verdictOf(verdict)}`);
}

function verdictOf({ lost, phantom, duplicated }: Verdict): string {
  return `${lost} lost, ${phantom} phantom, ${duplicated} duplicated`;
}

function textOf(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name}: ${count}`).join(', ');
}

/** The longest wait, without the time for which what it needs was away. */
function slowest(waits: readonly Wait[], away: readonly Wait[]): number {
  const shared = (a: Wait, b: Wait): number =>
    Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));
  const lengths = waits.map((wait) =>
    away.reduce((left, one) => left - shared(wait, one), wait.to - wait.from),
  );
  return Math.max(0, ...lengths);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
