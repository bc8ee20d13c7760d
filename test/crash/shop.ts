import { randomUUID } from 'node:crypto';
import { Gate } from './gate.js';
import { Ledger } from './ledger.js';
import { Member } from './member.js';
import type { Random } from './random.js';
import { RedisWitness } from './redis-witness.js';
import type { Answers, Role } from './settings.js';
import { until } from './until.js';

const PATIENCE_MS = 90_000;

/** Where the servers are. */
export interface Servers {
  readonly postgresUrl: string;
  readonly redisUrl: string;
}

/** The application under test: a web process and two workers, behind gates, with schemas and a queue of their own. */
export class Shop {
  /** What must not have happened. */
  readonly accidents: string[] = [];
  readonly ledger: Ledger;
  readonly redis: RedisWitness;
  private readonly run = `crash_${randomUUID().slice(0, 8)}`;
  private readonly web: Member;
  private readonly workers: readonly Member[];

  private constructor(
    { postgresUrl, redisUrl }: Servers,
    readonly postgresGate: Gate,
    readonly redisGate: Gate,
    random: Random,
  ) {
    this.ledger = new Ledger(postgresUrl, this.run);
    this.redis = new RedisWitness(redisUrl, this.run);
    const member = (name: string, role: Role): Member => {
      const urls = { postgresUrl: this.named(postgresGate.url), redisUrl: redisGate.url };
      const settings = { role, run: this.run, seed: random.integer(0, 2 ** 31), ...urls };
      return new Member(name, settings, (accident) => this.accidents.push(accident));
    };
    this.web = member('web', 'web');
    this.workers = [member('worker 1', 'worker'), member('worker 2', 'worker')];
  }

  static async on(servers: Servers, random: Random): Promise<Shop> {
    const shop = new Shop(servers, await Gate.to(servers.postgresUrl), await Gate.to(servers.redisUrl), random);
    await shop.ledger.open();
    return shop;
  }

  get members(): readonly Member[] {
    return [this.web, ...this.workers];
  }

  /** Starts what does not run. */
  async open(): Promise<void> {
    // The first makes the tables of pg-boss.
    for (const member of [this.workers[0]!, this.workers[1]!, this.web]) await member.ensureStarted();
  }

  /** Takes no more orders, and waits until the workers have run every effect there is. */
  async drain(): Promise<Answers> {
    await this.open();
    const answers = await this.web.finish();
    let jobs = '';
    const isEmpty = async (): Promise<boolean> => {
      const counts = [...(await this.ledger.bossJobs()), ...(await this.redis.jobs())];
      jobs = counts.map(([state, count]) => `${count} ${state}`).join(', ');
      return counts.every(([state, count]) => count === 0 || ENDED.includes(state));
    };
    await until(isEmpty, PATIENCE_MS, () => `There are still jobs: ${jobs}`);
    return answers;
  }

  /** Lets all processes end by themselves. */
  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.finish()));
  }

  /** Leaves nothing behind, however the run ended. */
  async clear(): Promise<void> {
    for (const member of this.members) await member.kill();
    await Promise.all([this.postgresGate.shut(), this.redisGate.shut()]);
    await this.redis.close();
    await this.ledger.close();
  }

  /** Connections of this run only can be found by this name. */
  private named(postgresUrl: string): string {
    const url = new URL(postgresUrl);
    url.searchParams.set('application_name', this.run);
    url.searchParams.set('options', `-c search_path=${this.run}`);
    return url.href;
  }
}

/** States of jobs that nobody will run any more. */
const ENDED = ['completed', 'failed', 'cancelled'];
