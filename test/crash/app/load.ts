import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.js';
import type { Answers } from '../settings.js';
import { FATES } from './fate.js';

const CUSTOMERS = 6;

/** Customers of the web process, each placing one order after the other. */
export class Load {
  private readonly answers = { placed: 0, refused: 0, failed: 0, slowestMs: 0 };
  private readonly customers: Promise<void>[] = [];
  private isOver = false;

  constructor(
    private readonly url: string,
    private readonly random: Random,
  ) {}

  begin(): void {
    for (let i = 0; i < CUSTOMERS; i++) this.customers.push(this.customer());
  }

  /** Resolves when every order has been answered. */
  async end(): Promise<Omit<Answers, 'complaints'>> {
    this.isOver = true;
    await Promise.all(this.customers);
    return this.answers;
  }

  private async customer(): Promise<void> {
    while (!this.isOver) {
      const start = performance.now();
      this.answers[await this.order()]++;
      this.answers.slowestMs = Math.max(this.answers.slowestMs, performance.now() - start);
      await sleep(this.random.between(5, 60));
    }
  }

  private async order(): Promise<'placed' | 'refused' | 'failed'> {
    const response = await fetch(`${this.url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ fate: this.random.pick(FATES) }),
    });
    await response.arrayBuffer();
    if (response.ok) return 'placed';
    return response.status === 409 ? 'refused' : 'failed';
  }
}
