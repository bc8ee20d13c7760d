import { VERSION_NEUTRAL } from '@nestjs/common';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import {
  checkOptions,
  expectThat,
  flag,
  func,
  isRecord,
  type OptionCheck,
} from '../../nest/options/option-checks.js';
import type { AirlockInspectorOptions } from './inspector.options.js';

const MOST_UNITS = 10_000;

const guard = (value: unknown): boolean =>
  typeof value === 'function' ||
  (isRecord(value) && 'canActivate' in value && typeof value.canActivate === 'function');
const isVersion = (value: unknown): boolean =>
  typeof value === 'string' || value === VERSION_NEUTRAL;

const checks: Readonly<Record<keyof AirlockInspectorOptions, OptionCheck>> = {
  path: expectThat(
    "a path without parameters, as 'airlock' or 'internal/airlock'",
    (value) => typeof value === 'string' && /^\/?[\w.~-]+(\/[\w.~-]+)*\/?$/.test(value),
  ),
  guards: expectThat(
    'an array of guards or classes of guards',
    (value) => Array.isArray(value) && value.every((item) => guard(item)),
  ),
  capacity: expectThat(
    `a number of units of work from 1 to ${MOST_UNITS}`,
    (value) =>
      Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= MOST_UNITS,
  ),
  redact: func,
  redactError: func,
  readOnly: flag,
  callSites: flag,
  version: expectThat("a version, as '1', VERSION_NEUTRAL or an array of these", (value) =>
    Array.isArray(value) ? value.length > 0 && value.every(isVersion) : isVersion(value),
  ),
};

/** @throws AirlockOptionsError @internal */
export function checkInspectorOptions(
  options: unknown,
): asserts options is AirlockInspectorOptions {
  checkOptions(options, checks);
}

/** Options with their defaults. @internal */
export class InspectorSettings {
  /** Path without slashes at its ends. */
  readonly path: string;
  readonly guards: NonNullable<AirlockInspectorOptions['guards']>;
  readonly capacity: number;
  readonly redact: AirlockInspectorOptions['redact'];
  readonly redactError: AirlockInspectorOptions['redactError'];
  readonly readOnly: boolean;
  readonly callSites: boolean;
  readonly version: NonNullable<AirlockInspectorOptions['version']>;

  /** @throws AirlockOptionsError also in production without a guard */
  constructor(options: AirlockInspectorOptions) {
    checkInspectorOptions(options);
    this.path = (options.path ?? 'airlock').replace(/^\/|\/$/g, '');
    this.guards = options.guards ?? [];
    this.capacity = options.capacity ?? 200;
    this.redact = options.redact === undefined ? undefined : (call) => options.redact!(call);
    this.redactError =
      options.redactError === undefined ? undefined : (error) => options.redactError!(error);
    this.readOnly = options.readOnly ?? false;
    this.callSites = options.callSites ?? false;
    this.version = options.version ?? VERSION_NEUTRAL;
    if (process.env['NODE_ENV'] === 'production' && this.guards.length === 0)
      throw unguarded(this.path);
  }
}

function unguarded(path: string): AirlockOptionsError {
  return new AirlockOptionsError(
    'guards',
    `With NODE_ENV=production the inspector at /${path} needs a guard: it shows what the application does, to whoever asks. ` +
      'Set `AirlockInspectorModule.forRoot({ guards: [AdminGuard] })`, or do not import the module in production.',
  );
}
