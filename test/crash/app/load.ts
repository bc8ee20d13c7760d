import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.js';
import type { Answers, Wait } from '../settings.js';
import type { Fate } from './fate.js';

const CUSTOMERS = 6;
/** What takes less needs no account. */
const SLOW_MS = 500;

/** Customers of the web process, each placing one order after the other. */
export class Load {
  private readonly answers = { placed: 0, refused: 0, failed: 0 };
  private readonly slow: Wait[] = [];
  private readonly customers: Promise<void>[] = [];
  private isOver = false;

  constructor(
    private readonly url: string,
    private readonly random: Random,
    private readonly fates: readonly Fate[],
  ) {}

  begin(): void {
    for (let i = 0; i < CUSTOMERS; i++) this.customers.push(this.customer());
  }

  /** Resolves when every order has been answered. */
  async end(): Promise<Omit<Answers, 'complaints'>> {
    this.isOver = true;
    await Promise.all(this.customers);
    return { ...this.answers, slow: this.slow };
  }

  private async customer(): Promise<void> {
    while (!this.isOver) {
      const from = Date.now();
      this.answers[await this.order()]++;
      if (Date.now() - from > SLOW_MS) this.slow.push({ from, to: Date.now() });
      await sleep(this.random.between(5, 60));
    }
  }

  private async order(): Promise<'placed' | 'refused' | 'failed'> {
    const response = await fetch(`${this.url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ fate: this.random.pick(this.fates) }),
    });
    await response.arrayBuffer();
    if (response.ok) return 'placed';
    return response.status === 409 ? 'refused' : 'failed';
  }
}
