import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from './random.js';
import type { Wait } from './settings.js';
import type { Shop } from './shop.js';

type Kind = readonly [name: string, happen: () => Promise<unknown>];

/** What happens to servers and to the ways to them, one kind after the other. */
export class Outages {
  /** How often which happened. */
  readonly counts = new Map<string, number>();
  /** When nobody could reach the database. */
  readonly withoutDatabase: Wait[] = [];
  private readonly kinds: readonly Kind[];
  private happened = 0;

  constructor(
    private readonly shop: Shop,
    private readonly random: Random,
  ) {
    const { ledger, witness, servers, databaseAddress, redisAddress } = shop;
    const { database } = shop.setup;
    const noted = (happen: () => Promise<unknown>) => () => this.withoutIt(happen);
    this.kinds = [
      [`${database} killed`, noted(() => this.kill(servers.database))],
      ['Redis failed over', () => shop.failOver()],
      ['connections terminated', () => ledger.terminateConnections()],
      ['Redis frozen', () => this.freeze(servers.redis)],
      ['clients killed', () => witness.killClients()],
      [`${database} frozen`, noted(() => this.freeze(servers.database))],
      ['Redis out of reach', () => redisAddress.shutFor(this.pause())],
      ['Redis killed', () => this.kill(servers.redis)],
      [`${database} out of reach`, noted(() => databaseAddress.shutFor(this.pause()))],
    ];
  }

  async next(): Promise<void> {
    await this.happen(this.kinds[this.happened++ % this.kinds.length]!);
  }

  /** A server hangs for that long, which is longer than anybody waits for it. */
  async freezeFor(seconds: number, which: 'redis' | 'database'): Promise<void> {
    const { servers, setup } = this.shop;
    const freeze = (): Promise<void> => this.freeze(servers[which], seconds * 1_000);
    const name = `${which === 'redis' ? 'Redis' : setup.database} frozen for ${seconds} s`;
    await this.happen([name, which === 'redis' ? freeze : () => this.withoutIt(freeze)]);
  }

  private async happen([name, happen]: Kind): Promise<void> {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    await happen();
  }

  private async withoutIt(happen: () => Promise<unknown>): Promise<void> {
    const from = Date.now();
    await happen();
    this.withoutDatabase.push({ from, to: Date.now() });
  }

  private async kill(server: Shop['servers']['database' | 'redis']): Promise<void> {
    await server.kill();
    await sleep(this.pause());
    await server.start();
  }

  private async freeze(
    server: Shop['servers']['database' | 'redis'],
    ms = this.pause(),
  ): Promise<void> {
    server.freeze();
    await sleep(ms);
    server.thaw();
  }

  private pause(): number {
    return this.random.between(200, 1_500);
  }
}
