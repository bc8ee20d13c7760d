import type { Random } from './random.js';
import type { Shop } from './shop.js';

/** Cuts connections of the shop, one way after the other. The servers and everybody else's connections are left alone. */
export class Cuts {
  /** How many connections were ended by the servers. */
  ended = 0;
  private made = 0;

  constructor(
    private readonly shop: Shop,
    private readonly random: Random,
  ) {}

  async make(): Promise<void> {
    const { ledger, redis, postgresGate, redisGate } = this.shop;
    const ways = [
      async () => (this.ended += await ledger.terminateBackends()),
      async () => (this.ended += await redis.killClients()),
      () => postgresGate.shutFor(this.random.between(200, 1_500)),
      () => redisGate.shutFor(this.random.between(200, 1_500)),
    ];
    await ways[this.made++ % ways.length]!();
  }
}
