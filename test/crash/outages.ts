import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from './random.js';
import type { Shop } from './shop.js';

/** What happens to servers and to the ways to them, one kind after the other. */
export class Outages {
  /** How often which happened. */
  readonly counts = new Map<string, number>();
  private readonly kinds: readonly (readonly [name: string, happen: () => Promise<unknown>])[];
  private happened = 0;

  constructor(
    shop: Shop,
    private readonly random: Random,
  ) {
    const { ledger, witness, servers, postgresAddress, redisAddress } = shop;
    this.kinds = [
      ['PostgreSQL killed', () => this.kill(servers.postgres)],
      ['Redis failed over', () => shop.failOver()],
      ['backends terminated', () => ledger.terminateBackends()],
      ['Redis frozen', () => this.freeze(servers.redis)],
      ['clients killed', () => witness.killClients()],
      ['PostgreSQL frozen', () => this.freeze(servers.postgres)],
      ['Redis out of reach', () => redisAddress.shutFor(this.pause())],
      ['Redis killed', () => this.kill(servers.redis)],
      ['PostgreSQL out of reach', () => postgresAddress.shutFor(this.pause())],
    ];
  }

  async next(): Promise<void> {
    const [name, happen] = this.kinds[this.happened++ % this.kinds.length]!;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    await happen();
  }

  private async kill(server: Shop['servers']['postgres' | 'redis']): Promise<void> {
    await server.kill();
    await sleep(this.pause());
    await server.start();
  }

  private async freeze(server: Shop['servers']['postgres' | 'redis']): Promise<void> {
    server.freeze();
    await sleep(this.pause());
    server.thaw();
  }

  private pause(): number {
    return this.random.between(200, 1_500);
  }
}
