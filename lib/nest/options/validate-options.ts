import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import type { EscapeOptions } from './escape-options.js';
import type { InterceptedProvider } from './intercepted-provider.js';
import { logOptions } from './log-options.js';
import {
  checkOptions,
  dispatchTime,
  duration,
  expectThat,
  timeLimit,
  func,
  isRecord,
  oneOf,
  type OptionCheck,
  positiveInteger,
  text,
} from './option-checks.js';
import type { AirlockModuleOptions } from './airlock-options.js';
import type { BoundaryName, BoundaryOptions, EntryPointOptions } from './boundary-options.js';

const isFunction = (value: unknown): boolean => typeof value === 'function';

const policy = expectThat('a policy, a policy class, or an array of these', (value) =>
  (Array.isArray(value) ? value : [value]).every((item) => isFunction(item) || isRecord(item)),
);
const executor = expectThat(
  'an executor, an executor class, or a function that takes an intent',
  (value) =>
    isFunction(value) || (isRecord(value) && isFunction((value as { execute?: unknown }).execute)),
);

const boundaryOptions: Record<keyof BoundaryOptions, OptionCheck> = {
  policy,
  shouldFlush: func,
  dispatch: httpOnly('only `http` has a response that effects could wait for.'),
  openAt: httpOnly(
    'only `http` has middlewares, guards and exception filters that its scope could be open around.',
  ),
};
const openAt = oneOf('request', 'handler');

const boundaryChecks: Record<BoundaryName, OptionCheck> = {
  http: boundary({ ...boundaryOptions, dispatch: dispatchTime, openAt }),
  rpc: boundary(boundaryOptions),
  ws: boundary(boundaryOptions),
  graphql: boundary(boundaryOptions),
  bullmq: boundary(boundaryOptions),
  schedule: boundary(boundaryOptions),
  'event-emitter': boundary(boundaryOptions),
  cqrs: boundary(boundaryOptions),
  commander: boundary(boundaryOptions),
};

const interceptedChecks: Record<keyof InterceptedProvider, OptionCheck> = {
  token: expectThat('an injection token', (value) =>
    ['string', 'symbol', 'function'].includes(typeof value),
  ),
  methods: expectThat(
    'a non-empty array of method names',
    (value) =>
      Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string'),
  ),
  optional: expectThat('a boolean', (value) => value === undefined || typeof value === 'boolean'),
};

const entryPointChecks = {
  name: text,
  metadataKey: expectThat('a string or a symbol', (value) =>
    ['string', 'symbol'].includes(typeof value),
  ),
  policy,
} satisfies Record<keyof EntryPointOptions, OptionCheck>;

const providers: OptionCheck = (key, value) => {
  expectThat('an array of providers and their methods', Array.isArray)(key, value);
  for (const [index, item] of (value as unknown[]).entries()) intercepted(`${key}[${index}]`, item);
};

const escapeChecks: Record<keyof EscapeOptions, OptionCheck> = {
  mode: oneOf('warn', 'throw'),
  allow: expectThat(
    'an array of hosts and names, each a string or a RegExp',
    (value) =>
      Array.isArray(value) &&
      value.every((item) => typeof item === 'string' || item instanceof RegExp),
  ),
  watch: providers,
};

const checks: Record<keyof AirlockModuleOptions, OptionCheck> = {
  policy,
  executor,
  executors: (key, value) => {
    expectThat('an object of executors by name', isRecord)(key, value);
    for (const [name, item] of Object.entries(value as object)) executor(`${key}.${name}`, item);
  },
  boundaries: (key, value) => {
    expectThat('an object of boundaries by name', isRecord)(key, value);
    checkOptions(value, boundaryChecks, `${key}.`);
  },
  entryPoints: (key, value) => {
    expectThat('an array of kinds of entry points', Array.isArray)(key, value);
    for (const [index, item] of (value as unknown[]).entries()) {
      const at = `${key}[${index}]`;
      expectThat('an object with a `name` and a `metadataKey`', isRecord)(at, item);
      for (const required of ['name', 'metadataKey'] as const)
        entryPointChecks[required](
          `${at}.${required}`,
          (item as Record<string, unknown>)[required],
        );
      checkOptions(item, entryPointChecks, `${at}.`);
    }
  },
  intercept: providers,
  dispatch: dispatchTime,
  onCancel: oneOf('discard', 'flush'),
  onDispatchError: expectThat(
    "'report', 'throw' or a function",
    (value) => value === 'report' || value === 'throw' || isFunction(value),
  ),
  log: logOptions,
  outsideScope: oneOf('throw', 'report', 'dispatch', 'drop'),
  lateCalls: oneOf('report', 'throw', 'follow'),
  detectEscapes: (key, value) => {
    if (value === false || value === 'warn' || value === 'throw') return;
    expectThat("false, 'warn', 'throw' or an object of options", isRecord)(key, value);
    checkOptions(value, escapeChecks, `${key}.`);
  },
  context: (key, value) => {
    expectThat('an array of carriers', Array.isArray)(key, value);
    const names = new Set<string>();
    for (const [index, item] of (value as unknown[]).entries())
      carrier(`${key}[${index}]`, item, names);
  },
  maxEffectsPerScope: positiveInteger,
  maxCascadeDepth: positiveInteger,
  shutdownTimeoutMs: duration,
  effectTimeoutMs: timeLimit,
};

/**
 * Checks options by shape.
 *
 * @throws AirlockOptionsError naming the key, the value found and, for an unknown key, the known
 *   ones
 * @internal
 */
export function validateOptions(options: unknown): asserts options is AirlockModuleOptions {
  checkOptions(options, checks);
}

function httpOnly(reason: string): OptionCheck {
  return (key) => {
    throw new AirlockOptionsError(key, `\`${key}\` cannot be set: ${reason}`);
  };
}

function boundary(known: Readonly<Record<string, OptionCheck>>): OptionCheck {
  return (key, value) => {
    if (typeof value === 'boolean') return;
    expectThat('true, false or an object of options', isRecord)(key, value);
    checkOptions(value, known, `${key}.`);
  };
}

/** @param names the names of the carriers before it, since workers find values by name */
function carrier(key: string, value: unknown, names: Set<string>): void {
  expectThat('an object with a `name`, `capture` and `restore`', (item) => {
    const { capture, restore } = Object(item) as Record<string, unknown>;
    return isRecord(item) && isFunction(capture) && isFunction(restore);
  })(key, value);
  const { name } = value as { name: unknown };
  text(`${key}.name`, name);
  if (names.has(name as string))
    throw new AirlockOptionsError(
      `${key}.name`,
      `Two carriers are named \`${name as string}\`: a worker finds the value by that name. Give one another name.`,
    );
  names.add(name as string);
}

function intercepted(key: string, value: unknown): void {
  expectThat('an object with a `token` and its `methods`', isRecord)(key, value);
  for (const [name, check] of Object.entries(interceptedChecks))
    check(`${key}.${name}`, (value as never)[name]);
  checkOptions(value, interceptedChecks, `${key}.`);
}
