import { PolicyChain } from '../../core/scope/policy-chain.js';
import type { Executor } from '../../core/model/executor.js';
import { carry, Intent } from '../../core/model/intent.js';
import { EffectSerializationError } from '../../errors/effect-serialization.error.js';
import { type EffectEnvelope, readEnvelope } from '../../nest/remote/envelope.js';
import type { EnvelopeWriter } from '../../nest/remote/envelope-writer.js';
import type { NewRow } from './sql/statements.js';

/** Intent as it is written: its envelope, and options for its executor. @internal */
export interface WrittenEnvelope extends EffectEnvelope {
  /** Name of the call, if it is not the effect's. */
  readonly name?: string;
  readonly dispatchOptions?: Readonly<Record<string, unknown>>;
}

/** A row as it is to be written. @internal */
export type WrittenRow = Omit<NewRow, 'position'>;

/** Facts about a row. @internal */
export interface RowFacts {
  readonly id: string;
  readonly effect: string;
  readonly writtenAt: number;
  readonly dueAt: number;
  readonly position: number;
  /** Number of times that it has failed. */
  readonly attempts: number;
  readonly error: string | undefined;
}

/** A row of the outbox. @internal */
export interface OutboxRow extends RowFacts {
  /** JSON. Anybody who can write to the table may have written it. */
  readonly envelope: string;
}

/** Makes a row of what a client has read. @internal */
export function rowOf(read: object): OutboxRow {
  return { ...factsOf(read), envelope: String((read as Record<string, unknown>)['envelope']) };
}

/** Makes the facts of what a client has read: some return large numbers as strings, or all as bytes. @internal */
export function factsOf(read: object): RowFacts {
  const row = read as Record<string, unknown>;
  const error = row['error'] as string | Buffer | null;
  return {
    id: String(row['id']),
    effect: fromAscii(String(row['effect'])),
    writtenAt: Number(row['written']),
    dueAt: Number(row['due']),
    position: Number(row['position']),
    attempts: Number(row['attempts']),
    error: error == null ? undefined : fromAscii(String(error)),
  };
}

/** Compares rows by the order in which they were written. @internal */
export function byAge(a: RowFacts, b: RowFacts): number {
  return a.writtenAt - b.writtenAt || a.position - b.position;
}

/**
 * Escapes a text as JSON may have it, for databases and connections whose character set lacks some
 * letters.
 *
 * @internal
 */
export function inAscii(text: string): string {
  return text.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Reverses `inAscii`. Leaves other escapes alone, such as those of a control character. */
function fromAscii(text: string): string {
  return text.replaceAll(/\\u((?!00[0-7])[\da-f]{4})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** Makes the row of an intent, with its envelope as JSON. @internal */
export function writtenOf(intent: Intent, envelopes: EnvelopeWriter): WrittenRow {
  const envelope = envelopes.write(intent);
  const { id, name, dispatchOptions } = intent;
  const { effect } = envelope;
  const written: WrittenEnvelope = {
    ...envelope,
    ...(name !== effect && { name }),
    ...(dispatchOptions && { dispatchOptions }),
  };
  return { id, effect: inAscii(effect), envelope: inAscii(JSON.stringify(written)) };
}

/** @throws EffectSerializationError @internal */
export function assertOptionsWritable(
  effect: string,
  options: Readonly<Record<string, unknown>> | undefined,
): void {
  try {
    JSON.stringify(options);
  } catch (error) {
    throw new EffectSerializationError(
      effect,
      'dispatchOptions',
      `nothing JSON can carry (${(error as Error).message})`,
      '.',
    );
  }
}

/** @throws UnknownEffectError for what is no envelope of this version @internal */
export function envelopeIn(row: OutboxRow): WrittenEnvelope {
  return readEnvelope(parsed(row.envelope));
}

/**
 * Makes the intent of a row again, for an executor that leaves the process: its effect must not be
 * called.
 * @internal
 */
export function intentOf(
  envelope: WrittenEnvelope,
  executor: Executor,
  envelopes: EnvelopeWriter,
  host: object,
): Intent {
  const { id, effect, origin, dispatchOptions, name = effect } = envelope;
  const end = id.lastIndexOf(':');
  const options = { name, ...(dispatchOptions && { dispatchOptions }) };
  const stamp = {
    frame: undefined,
    birthplace: { id: id.slice(0, end), name: origin, host },
    attempt: undefined,
    options,
    path: PolicyChain.empty,
    executor,
    on: 'success',
  } as const;
  const intent = new Intent(stamp, Number(id.slice(end + 1)), absent, envelopes.read(envelope));
  carry(intent, envelope.context);
  return intent;
}

function absent(): never {
  throw new Error("An effect that was read from the outbox is its engine's to run.");
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
