import { Intent } from '../../../core/model/intent.js';
import { checkOptions } from '../../../nest/options/option-checks.js';
import type { CapturedEffects } from '../capture/capture-effects.js';
import { dropText } from '../texts/listing.js';
import { print as oneLine, printCall } from '../texts/print.js';
import {
  Mark,
  type Redaction,
  redactedArguments,
  redactedResult,
  redactions,
} from './redaction.js';
import { type EffectRecord, isEffectRecord } from '../recording/effect-record.js';

/** @publicApi */
export interface EffectSerializerOptions {
  /** Properties and paths that are written as `[redacted]`. @default nothing */
  readonly redact?: readonly Redaction[];
}

// `any`: a value of the test runner, which is only passed back to it.
type Printer = (
  value: unknown,
  config: any,
  indentation: string,
  depth: number,
  refs: any,
) => string;

/** Plugin of `pretty-format`, as Jest and Vitest take it. @publicApi */
export interface EffectSerializer {
  test(value: unknown): boolean;
  serialize(
    value: any,
    config: any,
    indentation: string,
    depth: number,
    refs: readonly unknown[],
    printer: Printer,
  ): string;
}

/**
 * Prints intents, results of `captureEffects` and recorders in snapshots as calls, each with what
 * became of it. Intents are numbered as they come in a snapshot, in place of their ids.
 *
 * @throws AirlockOptionsError for what would redact nothing: an unknown key, or a redaction that is
 *   none
 * @publicApi
 * @example
 * ```ts
 * expect.addSnapshotSerializer(effectSerializer({ redact: ['email'] }));
 * expect(await captureEffects(() => mail.sendReceipt(7))).toMatchSnapshot();
 * ```
 */
export function effectSerializer(options: EffectSerializerOptions = {}): EffectSerializer {
  checkOptions(options, { redact: redactions });
  const { redact = [] } = options;
  const snapshots = new WeakMap<object, Numbers>();
  return {
    test: (value) => value instanceof Intent || value instanceof Mark || isEffectRecord(value),
    serialize(value: Intent | Mark | EffectRecord, config, indentation, depth, refs, printer) {
      if (value instanceof Mark) return value.text;
      // The config of a printer is one object for each snapshot.
      let numbers = snapshots.get(config);
      if (numbers === undefined) snapshots.set(config, (numbers = new Numbers()));
      const call = (intent: Intent): string => callText(numbers, intent, redact);
      if (value instanceof Intent) return call(value);
      const print = (part: unknown): string =>
        printer(redactedResult(part, redact), config, indentation, depth, refs);
      return recordLines(value, numbers, call, print, indentOf(config)).join(`\n${indentation}`);
    },
  };
}

/** Numbers the ids, in order of appearance. */
class Numbers {
  private readonly known = new Map<string, number>();

  of({ id }: Intent): string {
    let number = this.known.get(id);
    if (number === undefined) this.known.set(id, (number = this.known.size + 1));
    return `#${number}`;
  }
}

function callText(numbers: Numbers, intent: Intent, redact: readonly Redaction[]): string {
  const trigger = intent.on === 'success' ? '' : ` (on: ${intent.on})`;
  return `${numbers.of(intent)} ${printCall(intent.name, redactedArguments(intent, redact))}${trigger}`;
}

function recordLines(
  record: EffectRecord & Partial<Pick<CapturedEffects, 'result' | 'error'>>,
  numbers: Numbers,
  call: (intent: Intent) => string,
  print: (value: unknown) => string,
  indent: string,
): readonly string[] {
  const section = (title: string, items: readonly string[]): readonly string[] => [
    items.length === 0 ? `${title}: none` : `${title}:`,
    ...items.map((item) => `${indent}${item}`),
  ];
  const { result, error, effects, dispatched, dropped, failed } = record;
  return [
    ...(result === undefined ? [] : [`result: ${print(result)}`]),
    ...(error === undefined ? [] : [`error: ${oneLine(error)}`]),
    ...section('effects', effects.map(call)),
    ...section(
      'dispatched',
      dispatched.map((intent) => numbers.of(intent)),
    ),
    ...section(
      'dropped',
      dropped.map(
        (drop) => `${numbers.of(drop.intent)} ${dropText(drop).replace('dropped: ', '')}`,
      ),
    ),
    ...section(
      'failed',
      failed.map((failure) => `${numbers.of(failure.intent)} ${oneLine(failure.error)}`),
    ),
  ];
}

/** Returns the indentation, which is empty when Jest compares snapshots. */
function indentOf(config: { readonly indent?: unknown } | undefined): string {
  return typeof config?.indent === 'string' ? config.indent : '  ';
}
