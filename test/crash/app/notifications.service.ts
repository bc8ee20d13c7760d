import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';
import { Pool } from 'pg';

/**
 * The effects: each writes down that it was seen, and whether the row of its call was there
 * already.
 */
@Injectable()
export class Notifications {
  constructor(private readonly pool: Pool) {}

  @SideEffect({ executor: 'pg-boss' })
  async throughPgBoss(call: number): Promise<void> {
    await this.note(call, 'pg-boss');
  }

  @SideEffect({ executor: 'bullmq' })
  async throughBullMq(call: number): Promise<void> {
    await this.note(call, 'BullMQ');
  }

  @SideEffect({ executor: 'outbox' })
  async throughOutbox(call: number): Promise<void> {
    await this.note(call, 'outbox');
  }

  /** Takes some time, before and after, for kills to meet it. */
  private async note(call: number, engine: string): Promise<void> {
    await sleep(Math.random() * 10);
    await this.pool.query(
      'insert into seen (call, engine, was_committed) values ($1, $2, exists (select from calls where id = $1))',
      [call, engine],
    );
    await sleep(Math.random() * 10);
  }
}
