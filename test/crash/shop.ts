import { randomUUID } from 'node:crypto';
import { Address } from '../own-servers/address.js';
import { OwnMariadb } from '../own-servers/own.mariadb.js';
import { OwnPostgres } from '../own-servers/own.postgres.js';
import { OwnRedis } from '../own-servers/own.redis.js';
import { Ledger } from './ledger.js';
import { Member } from './member.js';
import type { Random } from './random.js';
import { RedisWitness } from './redis-witness.js';
import type { Answers, Role, Settings } from './settings.js';
import { type Setup, type SetupName, SETUPS } from './setups.js';
import { until } from '../until.js';

const PATIENCE_MS = 90_000;

/** Servers of the run's own. */
interface Servers {
  readonly database: OwnPostgres | OwnMariadb;
  /** The one that takes writes. */
  redis: OwnRedis;
  replica: OwnRedis;
}

/** The application under test: a web process and two workers, each server behind one address. */
export class Shop {
  /** What must not have happened. */
  readonly accidents: string[] = [];
  readonly ledger: Ledger;
  readonly witness: RedisWitness;
  private readonly run = `crash_${randomUUID().slice(0, 8)}`;
  private readonly web: Member;
  private readonly workers: readonly Member[];

  private constructor(
    readonly setup: Setup,
    readonly servers: Servers,
    readonly databaseAddress: Address,
    readonly redisAddress: Address,
    random: Random,
    name: SetupName,
  ) {
    this.ledger = new Ledger(setup, servers.database.url, this.run);
    const redisUrl = `redis://127.0.0.1:${redisAddress.port}`;
    this.witness = new RedisWitness(redisUrl, this.run);
    const databaseUrl = through(databaseAddress, servers.database.url);
    const member = (title: string, role: Role): Member => {
      const seed = random.integer(0, 2 ** 31);
      const settings: Settings = { role, run: this.run, seed, setup: name, databaseUrl, redisUrl };
      return new Member(title, settings, (accident) => this.accidents.push(accident));
    };
    this.web = member('web', 'web');
    this.workers = [member('worker 1', 'worker'), member('worker 2', 'worker')];
  }

  static async open(random: Random, name: SetupName): Promise<Shop> {
    const setup = SETUPS[name];
    const kind = setup.database === 'MariaDB' ? OwnMariadb : OwnPostgres;
    const [database, redis] = await Promise.all([kind.start(), OwnRedis.start()]);
    const replica = await OwnRedis.start({ replicaOf: redis });
    const addresses = [await Address.of(database), await Address.of(redis)] as const;
    const shop = new Shop(setup, { database, redis, replica }, ...addresses, random, name);
    await shop.ledger.open();
    return shop;
  }

  /** The replica takes over. The one before keeps the connections that it has. */
  async failOver(): Promise<void> {
    const { servers } = this;
    const { redis, replica } = servers;
    await until(
      () => replica.isFollowing().catch(() => false),
      PATIENCE_MS,
      () => 'The replica of Redis does not follow',
    );
    await redis.failOverTo(replica);
    this.redisAddress.pointAt(replica);
    Object.assign(servers, { redis: replica, replica: redis });
  }

  get members(): readonly Member[] {
    return [this.web, ...this.workers];
  }

  /** What the web process said last. */
  lastWords(): string {
    return this.web.lastWords;
  }

  /** Starts what does not run. */
  async start(): Promise<void> {
    // The first makes the tables of pg-boss.
    for (const member of [this.workers[0]!, this.workers[1]!, this.web])
      await member.ensureStarted();
  }

  /** Takes no more orders, and waits until the workers have run every effect there is. */
  async drain(): Promise<Answers> {
    await this.start();
    const answers = await this.web.finish();
    let jobs = '';
    const isEmpty = async (): Promise<boolean> => {
      const counts = [...(await this.ledger.bossJobs()), ...(await this.witness.jobs())];
      const rows = await this.ledger.outboxRows();
      jobs = [...counts.map(([state, count]) => `${count} ${state}`), `${rows} in the outbox`].join(
        ', ',
      );
      return rows === 0 && counts.every(([state, count]) => count === 0 || ENDED.includes(state));
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
    await Promise.all([this.databaseAddress.shut(), this.redisAddress.shut()]);
    this.witness.close();
    await this.ledger.close();
    const { database, redis, replica } = this.servers;
    await Promise.all([database.remove(), redis.remove(), replica.remove()]);
  }
}

/** A URL whose server is asked through an address. */
function through({ port }: Address, serverUrl: string): string {
  const url = new URL(serverUrl);
  url.port = String(port);
  return url.href;
}

/** States of jobs that nobody will run any more. */
const ENDED = ['completed', 'failed', 'cancelled'];
