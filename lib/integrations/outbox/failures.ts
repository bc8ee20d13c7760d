import { Inject, Injectable, Logger } from '@nestjs/common';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { ShuttingDownError } from '../../errors/shutting-down.error.js';
import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import { quoted } from '../../errors/quoted.js';
import { messageOf, stacksOf } from '../../errors/thrown.js';
import { SafeLogger } from '../../nest/log/safe-logger.js';
import { EffectWorker } from '../../nest/remote/effect-worker.js';
import { withoutPayload } from '../without-payload.js';
import { OutboxClock } from './outbox.clock.js';
import { NEVER, OutboxSettings } from './outbox.settings.js';
import { OutboxTable } from './outbox.table.js';
import { RowsInFlight } from './rows-in-flight.js';

/** Row that could not be handed over, or whose effect has failed. @internal */
export interface Failure {
  readonly id: string;
  readonly effect: string;
  readonly error: unknown;
  /** True if a scope reports it. */
  readonly isTold?: boolean;
}

/** Largest length of an error: it is kept for people to read. */
const LONGEST_TEXT = 2_000;

/**
 * Writes down failures of rows, so that they are tried again, later each time.
 *
 * @internal
 */
@Injectable()
export class OutboxFailures {
  private readonly logger = new SafeLogger(new Logger('AirlockOutbox'));
  /**
   * True if the engine could not be reached the last time: an outage is one line in the log.
   */
  private isDown = false;
  /** Names of effects that a line has said this application has not. */
  private readonly toldAsLeft = new Set<string>();

  constructor(
    @Inject(OutboxTable) private readonly table: OutboxTable,
    @Inject(RowsInFlight) private readonly rows: RowsInFlight,
    @Inject(OutboxSettings) private readonly settings: OutboxSettings,
    @Inject(OutboxClock) private readonly clock: OutboxClock,
    @Inject(EffectWorker) private readonly worker: EffectWorker,
  ) {}

  /** Notes that the engine can be reached. */
  engineAnswers(): void {
    this.isDown = false;
  }

  /**
   * Writes failures down. Never rejects: a row whose failure cannot be written is due when its
   * claim has run out. A row that another process has claimed is not counted here.
   */
  async note(failures: readonly Failure[]): Promise<void> {
    try {
      const held = failures.filter(
        ({ id }) => !this.rows.letGoIfLost(id) && this.rows.attemptsOf(id) !== undefined,
      );
      await this.postpone(held.filter(({ error }) => isOfTheMoment(error)));
      await this.leave(held.filter(({ error }) => isUnknown(error)));
      await this.count(
        held.filter(({ error }) => !isOfTheMoment(error) && !isUnknown(error)),
        (attempts) => this.settings.dueAfter(attempts, this.clock.now()),
      );
    } catch (error) {
      this.logger.warn(
        `Failures could not be written down, and their effects are tried again: ${messageOf(error)}`,
      );
    } finally {
      this.rows.letGo(failures.map(({ id }) => id));
    }
  }

  /**
   * Leaves rows to the next sweep, without counting a failure: the reason passes, such as an engine
   * that cannot be reached.
   */
  private async postpone(failures: readonly Failure[]): Promise<void> {
    if (failures.length === 0) return;
    const outage = failures.find(({ error }) => error instanceof EngineUnreachableError);
    if (outage !== undefined && !this.isDown) {
      this.isDown = true;
      this.logger.warn(
        `Effects stay in the outbox until their engine is back: ${messageOf(outage.error)}`,
      );
    }
    await this.table.postpone(
      failures.map(({ id }) => id),
      this.clock.now() + (this.settings.sweepIntervalMs || 0),
    );
  }

  /**
   * Leaves rows to processes that have their effects: those of another version of the application, or
   * with other modules. That is counted once, for `stuck` to list them, and never makes one given up.
   */
  private async leave(failures: readonly Failure[]): Promise<void> {
    const dueAt = this.settings.dueForOthers(this.clock.now());
    const isCounted = ({ id }: Failure): boolean => this.rows.attemptsOf(id)! > 0;
    await this.count(
      failures.filter((failure) => !isCounted(failure)),
      () => dueAt,
    );
    const counted = failures.filter(isCounted);
    for (const failure of counted) this.tellAsLeft(failure);
    await this.table.postpone(
      counted.map(({ id }) => id),
      dueAt,
    );
  }

  /**
   * Warns of a row that `stuck` shows with the error of an earlier attempt, which is not why it
   * waits now. Once for each effect: with other modules in other processes that is as it should be.
   */
  private tellAsLeft({ id, effect, error }: Failure): void {
    if (this.toldAsLeft.has(effect)) return;
    this.toldAsLeft.add(effect);
    this.logger.warn(
      `Effect ${quoted(effect)} (${id}) is left to other processes: ${messageOf(error)}`,
    );
  }

  /** @param dueAfter tells when a row is due that has failed so often */
  private async count(
    failures: readonly Failure[],
    dueAfter: (attempts: number) => number,
  ): Promise<void> {
    const groups = new Map<string, Failure[]>();
    for (const failure of failures) {
      const { id, effect, error } = failure;
      const attempts = this.rows.attemptsOf(id)! + 1;
      this.worker.onAttempt?.({ id, effect, number: attempts, failure: { error } });
      const text = textOf(failure.error);
      const key = `${attempts} ${this.rows.wasRun(id)} ${failure.isTold === true} ${failure.effect} ${text}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [failure]);
      else group.push(failure);
    }
    for (const group of groups.values()) {
      const attempts = this.rows.attemptsOf(group[0]!.id)! + 1;
      const text = textOf(group[0]!.error);
      const dueAt = dueAfter(attempts);
      this.report(group, attempts, text, dueAt === NEVER);
      const ids = group.map(({ id }) => id);
      await this.table.fail(ids, text, dueAt);
    }
  }

  /** Logs a group of failures when it fails for the first time, and when it is given up. */
  private report(
    group: readonly Failure[],
    attempts: number,
    text: string,
    isGivenUp: boolean,
  ): void {
    const { id, effect, error, isTold } = group[0]!;
    const others = group.length > 1 ? ` and ${group.length - 1} more` : '';
    if ((this.rows.wasRun(id) || isTold === true) && !isGivenUp) return;
    const next = isGivenUp
      ? `for the ${attempts}th time and is not tried again by itself`
      : 'and stays in the outbox, to be tried again';
    this.logger.error(
      `Effect ${effect} (${id}${others}) failed ${next}: ${text} \`AirlockOutbox\` lists it under \`stuck()\`, with \`retry\` and \`discard\`.`,
      stacksOf(withoutPayload(error)),
    );
  }
}

function isOfTheMoment(error: unknown): boolean {
  return error instanceof EngineUnreachableError || error instanceof ShuttingDownError;
}

function isUnknown(error: unknown): boolean {
  return error instanceof UnknownEffectError;
}

/** PostgreSQL stores no NUL. */
function textOf(error: unknown): string {
  return messageOf(withoutPayload(error)).replaceAll('\0', '').slice(0, LONGEST_TEXT);
}
