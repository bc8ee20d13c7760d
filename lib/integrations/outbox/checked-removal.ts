import { Inject, Injectable, Logger } from '@nestjs/common';
import { SafeLogger } from '../../nest/log/safe-logger.js';
import { NEVER } from './outbox.settings.js';
import { OutboxTable } from './outbox.table.js';

/** Number of removals that missed rows before that is told: another process may have removed some. */
const TOO_MANY = 2;

const KEPT =
  'It was handed over, and its row could not be removed: row level security, a trigger or a rule cancels the DELETE of `connection`, without an error.';

/**
 * Removes rows, and now and then looks whether the database does so. A DELETE that a policy of row
 * level security or a trigger cancels is no error, nor is one of rows that are on another server.
 *
 * @internal
 */
@Injectable()
export class CheckedRemoval {
  private readonly logger = new SafeLogger(new Logger('AirlockOutbox'));
  private isDue = true;
  private missed = 0;
  private isKeptTold = false;

  constructor(@Inject(OutboxTable) private readonly table: OutboxTable) {}

  /** Makes the next removal look. */
  check(): void {
    this.isDue = true;
  }

  async remove(ids: readonly string[]): Promise<void> {
    if (!this.isDue) return this.table.remove(ids);
    // If the removal fails, it may have happened: the next one, of the same rows, does not look.
    this.isDue = false;
    const seen = await this.table.present(ids);
    await this.table.remove(ids);
    if (seen.length < ids.length) this.miss();
    const kept = await this.table.present(ids);
    if (kept.length > 0) await this.keep(kept);
  }

  private miss(): void {
    this.missed++;
    this.isDue = this.missed < TOO_MANY;
    if (this.missed !== TOO_MANY) return;
    this.logger.warn(
      'Rows that transactions of this process have written are not in the table that `connection` of AirlockOutboxModule sees. Either row level security ' +
        'hides them from its user, or they are on another server whose database has the same name, or were removed by somebody else. Their effects are ' +
        'handed over, but their rows stay where they are, and what a crash leaves is never found. Give its user a policy for all rows, or the ' +
        'table of each server another name.',
    );
  }

  /** Takes rows out of the sweeps, which would hand them over again and again. */
  private async keep(ids: readonly string[]): Promise<void> {
    this.isDue = true;
    if (!this.isKeptTold)
      this.logger.error(
        `${ids.length} row(s) of the outbox, such as ${ids[0]}, are still there after their DELETE. ${KEPT} Such rows are handed over twice at most, ` +
          'and then listed under `AirlockOutbox.stuck()`. Let `connection` delete, and delete them by hand.',
      );
    this.isKeptTold = true;
    await this.table.fail(ids, KEPT, NEVER);
  }
}
