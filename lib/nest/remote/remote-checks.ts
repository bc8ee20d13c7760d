import {
  checkOptions,
  expectThat,
  flag,
  isRecord,
  oneOf,
  type OptionCheck,
  positiveInteger,
  waitingTime,
} from '../options/option-checks.js';
import type { RemoteOptions } from './remote-options.js';

/** The checks of what every engine takes. @internal */
export const remoteChecks: Readonly<
  Record<keyof RemoteOptions | 'dispatchTimeoutMs', OptionCheck>
> = {
  plainFunctions: oneOf('in-process', 'refuse'),
  serializer: withMethods('serialize', 'deserialize'),
  maxPayloadBytes: positiveInteger,
  dispatchTimeoutMs: waitingTime,
};

/** Checks an option that is true, false, or an object with further ones. @internal */
export function flagOr(checks: Readonly<Record<string, OptionCheck>>): OptionCheck {
  return (key, value) =>
    isRecord(value) ? checkOptions(value, checks, `${key}.`) : flag(key, value);
}

/**
 * The further options of such an option: none if it is true; undefined if it is off.
 * @internal
 */
export function turnedOn<T extends object>(
  option: boolean | T | undefined,
): Partial<T> | undefined {
  return option === true ? {} : option || undefined;
}

function withMethods(...names: readonly string[]): OptionCheck {
  return expectThat(
    `an object with ${names.map((name) => `\`${name}\``).join(' and ')}`,
    (value) =>
      isRecord(value) &&
      names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
  );
}
