import { Injectable } from '@nestjs/common';
import type { Knex } from 'knex';
import { Books } from './books.js';
import { Complaints } from './complaints.js';
import type { Fate } from './fate.js';
import { Notifications } from './notifications.service.js';

/** Why an order that was meant to fail did. */
export class ChangedMind extends Error {}

const FOREIGN_KEY_VIOLATION = '23503';

/**
 * Places orders. A call of an effect leaves a row in the same transaction or savepoint: they are to
 * share one fate.
 */
@Injectable()
export class Orders {
  constructor(
    private readonly books: Books,
    private readonly notifications: Notifications,
    private readonly complaints: Complaints,
  ) {}

  /** @throws ChangedMind for the fates that roll everything back */
  async place(fate: Fate): Promise<void> {
    const calls: number[] = [];
    try {
      await this.books.knex.transaction((tx) => this.placeIn(tx, fate, calls));
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code === FOREIGN_KEY_VIOLATION) throw new ChangedMind('at COMMIT', { cause: error });
      if (!(error instanceof ChangedMind)) this.complaints.answered(calls);
      throw error;
    }
  }

  private async placeIn(tx: Knex, fate: Fate, calls: number[]): Promise<void> {
    const twin = fate === 'its COMMIT fails' ? NOBODY : null;
    await tx.raw('insert into orders (twin) values (?)', [twin as never]);
    calls.push(await this.notify(tx));
    if (fate === 'a savepoint is released')
      calls.push(await tx.transaction((step) => this.notify(step)));
    if (fate === 'a savepoint rolls back') await this.tryInVain(tx);
    calls.push(await this.notify(tx));
    if (fate === 'it rolls back') throw new ChangedMind('before COMMIT');
  }

  /** The error is swallowed: the order goes on without what this step did. */
  private async tryInVain(tx: Knex): Promise<void> {
    const step = tx.transaction(async (inner) => {
      await this.notify(inner);
      throw new ChangedMind('in a savepoint');
    });
    await step.catch((error: unknown) => {
      if (!(error instanceof ChangedMind)) throw error;
    });
  }

  /** @returns the number of the call */
  private async notify(tx: Knex): Promise<number> {
    const call = await this.books.call(tx);
    await this.notifications.send(call);
    return call;
  }
}

/** Refers to no order, which PostgreSQL notices at COMMIT. */
const NOBODY = -1;
