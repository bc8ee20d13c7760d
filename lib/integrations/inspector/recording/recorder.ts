import type { AirlockRuntime } from '../../../core/runtime.js';
import type { AirlockMessage } from '../../../core/model/diagnostics.js';
import { clearTimeout, setTimeout } from '../../../core/model/timers.js';
import { detached } from '../../../core/outside/detached.js';
import { unitOf, type UnitOfWork } from '../../../core/scope/unit-of-work.js';
import { callSite } from '../../../nest/escapes/call-site.js';
import { EarliestItems, LatestItems, type BoundedList } from './bounded-lists.js';
import type { Attempt } from '../view/attempts.js';
import { Totals } from './totals.js';
import { UnitRecord } from './unit-record.js';

const KINDS = ['enqueue', 'dispatch', 'drop', 'fail', 'scope'] as const;
type Kind = (typeof KINDS)[number];

/** Milliseconds for which changes are collected before they are sent. */
const TICK_MS = 250;

/** Settings of a recorder. */
interface RecorderOptions {
  readonly capacity: number;
  readonly callSites: boolean;
  /** Called some moments after a change. */
  readonly onNews: () => void;
  /** Called with an error of the recorder itself, which must not reach the application. */
  readonly report: (error: unknown) => void;
}

/**
 * Keeps the last units of work of an application, by its messages. It runs inside the calls of
 * effects, so it only notes facts. Their meaning is worked out when somebody looks.
 *
 * @internal
 */
export class Recorder {
  readonly totals = new Totals();
  private readonly running: BoundedList<UnitRecord>;
  private readonly noteworthy: LatestItems<UnitRecord>;
  private readonly others: LatestItems<UnitRecord>;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly options: RecorderOptions,
  ) {
    this.running = new EarliestItems(options.capacity);
    this.noteworthy = new LatestItems(options.capacity);
    this.others = new LatestItems(options.capacity);
  }

  start(): void {
    this.runtime.onRefused = ({ view }, intent) =>
      this.hear('drop', { scope: view, intent, reason: 'refused' });
    for (const kind of KINDS)
      this.runtime.listen({ [kind]: (message: AirlockMessage) => this.hear(kind, message) });
  }

  /** Notes an attempt at an effect that was called in this process. */
  attempted(id: string, attempt: Attempt): void {
    for (const record of this) if (record.attempted(id, attempt)) return this.hasChanged(record);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** Calls `onNews` in some moments. */
  tellLater(): void {
    this.timer ??= detached(() => setTimeout(this.tell, TICK_MS)).unref();
  }

  /** Iterates over all records that are kept. */
  *[Symbol.iterator](): Generator<UnitRecord> {
    yield* this.running;
    yield* this.noteworthy;
    yield* this.others;
  }

  /** Listens without throwing: an error is reported once. */
  private hear(kind: Kind, message: AirlockMessage): void {
    try {
      const unit = message.scope && unitOf(message.scope);
      if (unit !== undefined) this.note(kind, message, unit);
    } catch (error) {
      this.options.report(error);
    }
  }

  private note(kind: Kind, message: AirlockMessage, unit: UnitOfWork): void {
    const root = rootOf(unit);
    let record = root.record as UnitRecord | undefined;
    if (kind === 'scope') {
      if (record === undefined || unit !== root || message.reason === 'open') return;
      record.durationMs = message.durationMs;
    } else {
      // A unit of work is worth a record once an effect is called in it.
      record ??= root.record = new UnitRecord(root);
      this.noteEffect(record, kind, message, unit);
    }
    this.hasChanged(record);
  }

  private hasChanged(record: UnitRecord): void {
    record.hasNews = true;
    record.moveTo(
      !record.isAtRest ? this.running : record.isNoteworthy ? this.noteworthy : this.others,
    );
    this.tellLater();
  }

  private noteEffect(
    record: UnitRecord,
    kind: Exclude<Kind, 'scope'>,
    { intent, reason, policy, error, durationMs }: AirlockMessage,
    unit: UnitOfWork,
  ): void {
    if (intent === undefined) return;
    if (kind === 'enqueue') {
      record.called(intent, unit, this.options.callSites ? placeOfCall() : undefined);
      return;
    }
    const fate = kind === 'dispatch' ? 'sent' : kind === 'drop' ? 'dropped' : 'failed';
    const effect = record.decided(intent, fate, unit);
    if (kind === 'dispatch') this.totals.hasSent();
    else {
      record.isNoteworthy = true;
      if (kind === 'drop') this.totals.hasDropped(reason ?? 'unknown');
      else this.totals.hasFailed();
    }
    if (effect === undefined) return;
    effect.durationMs = durationMs;
    effect.reason = reason;
    effect.policy = policy;
    effect.error = error;
  }

  private readonly tell = (): void => {
    this.timer = undefined;
    this.noteworthy.nextTick();
    this.others.nextTick();
    this.options.onNews();
  };
}

/** Returns the unit of work that a nested scope, or a scope of an effect, belongs to. */
function rootOf({ top }: UnitOfWork): UnitOfWork {
  return top.level === undefined ? top : rootOf(top.level.origin);
}

/** The file, line and column, seen from where the process was started. */
function placeOfCall(): string | undefined {
  const place = callSite()?.place.replace(/^.*\(|\)$/g, '');
  return place?.replace('file://', '').replace(`${process.cwd()}/`, '');
}
