import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type Type } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';
import type { Engine } from '../setups.js';
import { Books } from './books.js';

/** An effect that goes one way: it writes down that it was seen. */
abstract class Notification {
  constructor(@Inject(Books) private readonly books: Books) {}

  abstract send(call: number): Promise<void>;

  /** Takes some time, before and after, for kills to meet it. */
  protected async note(call: number, engine: Engine): Promise<void> {
    await sleep(Math.random() * 10);
    await this.books.see(call, engine);
    await sleep(Math.random() * 10);
  }
}

@Injectable()
class ThroughPgBoss extends Notification {
  @SideEffect({ executor: 'pg-boss' })
  async send(call: number): Promise<void> {
    await this.note(call, 'pg-boss');
  }
}

@Injectable()
class ThroughBullMq extends Notification {
  @SideEffect({ executor: 'BullMQ' })
  async send(call: number): Promise<void> {
    await this.note(call, 'BullMQ');
  }
}

@Injectable()
class ThroughOutbox extends Notification {
  @SideEffect({ executor: 'outbox' })
  async send(call: number): Promise<void> {
    await this.note(call, 'outbox');
  }
}

/** The effect for each engine. */
export const NOTIFICATIONS: Readonly<Record<Engine, Type<Notification>>> = {
  'pg-boss': ThroughPgBoss,
  BullMQ: ThroughBullMq,
  outbox: ThroughOutbox,
};

/** All effects of a call. */
export class Notifications {
  constructor(private readonly ways: readonly Notification[]) {}

  async send(call: number): Promise<void> {
    for (const way of this.ways) await way.send(call);
  }
}
