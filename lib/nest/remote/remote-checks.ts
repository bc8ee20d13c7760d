import { expectThat, isRecord, oneOf, type OptionCheck, positiveInteger } from '../options/option-checks.js';
import type { RemoteOptions } from './remote-options.js';

/** @internal */
export const remoteChecks: Readonly<Record<keyof RemoteOptions, OptionCheck>> = {
  plainFunctions: oneOf('in-process', 'refuse'),
  serializer: withMethods('serialize', 'deserialize'),
  maxPayloadBytes: positiveInteger,
  tracing: withMethods('inject', 'run'),
};

function withMethods(...names: readonly string[]): OptionCheck {
  return expectThat(
    `an object with ${names.map((name) => `\`${name}\``).join(' and ')}`,
    (value) => isRecord(value) && names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
  );
}
