import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import type { EscapeOptions } from './escapes/escape-options.js';
import type { InterceptedProvider } from './migration/intercepted-provider.js';
import type { AirlockModuleOptions, BoundaryName, BoundaryOptions } from './options.js';

type Check = (key: string, value: unknown) => void;

const isFunction = (value: unknown): boolean => typeof value === 'function';
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isRecord = (value: unknown): boolean => isObject(value) && !Array.isArray(value);

const expect =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (key, value) => {
    if (!holds(value)) throw AirlockOptionsError.expected(key, what, value);
  };
const oneOf = (...values: readonly string[]): Check =>
  expect(values.map((value) => `'${value}'`).join(' or '), (value) => values.includes(value as string));
const positiveInteger = expect('a positive integer', (value) => Number.isSafeInteger(value) && (value as number) > 0);
const duration = expect(
  'a number of milliseconds, 0 or more',
  (value) => Number.isFinite(value) && (value as number) >= 0,
);
const policy = expect('a policy, a class of one, or a list of these', (value) =>
  (Array.isArray(value) ? value : [value]).every((one) => isFunction(one) || (isObject(one) && !Array.isArray(one))),
);
const executor = expect(
  'an executor, a class of one, or a function of an intent',
  (value) => isFunction(value) || (isObject(value) && isFunction((value as { execute?: unknown }).execute)),
);

const boundaryOptions: Record<keyof BoundaryOptions, Check> = {
  policy,
  shouldFlush: expect('a function', isFunction),
  openAt: (key) => {
    throw new AirlockOptionsError(
      key,
      `\`${key}\` cannot be set: only \`http\` has middlewares and guards that run before the interceptor and may be given its scope.`,
    );
  },
};
const openAt = oneOf('interceptor', 'middleware');

const boundaryChecks: Record<BoundaryName, Check> = {
  http: boundary({ ...boundaryOptions, openAt }),
  rpc: boundary(boundaryOptions),
  ws: boundary(boundaryOptions),
  graphql: boundary(boundaryOptions),
  bullmq: boundary(boundaryOptions),
  schedule: boundary(boundaryOptions),
  'event-emitter': boundary(boundaryOptions),
  cqrs: boundary(boundaryOptions),
  commander: boundary(boundaryOptions),
};

const interceptedChecks: Record<keyof InterceptedProvider, Check> = {
  token: expect('an injection token', (value) => ['string', 'symbol', 'function'].includes(typeof value)),
  methods: expect(
    'a list of method names, at least one',
    (value) => Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string'),
  ),
};

const providers: Check = (key, value) => {
  expect('a list of providers and their methods', Array.isArray)(key, value);
  for (const [index, one] of (value as unknown[]).entries()) intercepted(`${key}[${index}]`, one);
};

const escapeChecks: Record<keyof EscapeOptions, Check> = {
  mode: oneOf('warn', 'throw'),
  allow: expect(
    'a list of hosts and names, each a text or a RegExp',
    (value) => Array.isArray(value) && value.every((one) => typeof one === 'string' || one instanceof RegExp),
  ),
  watch: providers,
};

const checks: Record<keyof AirlockModuleOptions, Check> = {
  policy,
  executor,
  executors: (key, value) => {
    expect('an object of executors by name', isRecord)(key, value);
    for (const [name, one] of Object.entries(value as object)) executor(`${key}.${name}`, one);
  },
  boundaries: (key, value) => {
    expect('an object of boundaries by name', isRecord)(key, value);
    checkKeys(`${key}.`, value as object, boundaryChecks);
  },
  intercept: providers,
  dispatch: oneOf('beforeResponse', 'afterResponse'),
  onCancel: oneOf('discard', 'flush'),
  onDispatchError: expect(
    "'report', 'throw' or a function",
    (value) => value === 'report' || value === 'throw' || isFunction(value),
  ),
  outsideScope: oneOf('throw', 'dispatch', 'drop'),
  detectEscapes: (key, value) => {
    if (value === false || value === 'warn' || value === 'throw') return;
    expect("false, 'warn', 'throw' or an object of options", isRecord)(key, value);
    checkKeys(`${key}.`, value as object, escapeChecks);
  },
  maxEffectsPerScope: positiveInteger,
  maxCascadeDepth: positiveInteger,
  shutdownTimeoutMs: duration,
};

/**
 * Checks options by shape.
 *
 * @throws AirlockOptionsError naming the key, the value found and, for an unknown key, the known ones
 * @internal
 */
export function validateOptions(options: unknown): asserts options is AirlockModuleOptions {
  if (!isObject(options)) throw AirlockOptionsError.expected('options', 'an object', options);
  checkKeys('', options, checks);
}

function checkKeys(prefix: string, options: object, known: Readonly<Record<string, Check>>): void {
  for (const [key, value] of Object.entries(options)) {
    const check = lookUp(prefix, key, known);
    if (value !== undefined) check(prefix + key, value);
  }
}

function boundary(known: Readonly<Record<string, Check>>): Check {
  return (key, value) => {
    if (typeof value === 'boolean') return;
    expect('true, false or an object of options', isRecord)(key, value);
    checkKeys(`${key}.`, value as object, known);
  };
}

function intercepted(key: string, value: unknown): void {
  expect('an object with a `token` and its `methods`', isRecord)(key, value);
  for (const [name, check] of Object.entries(interceptedChecks)) check(`${key}.${name}`, (value as never)[name]);
  checkKeys(`${key}.`, value as object, interceptedChecks);
}

function lookUp<T>(prefix: string, key: string, known: Readonly<Record<string, T>>): T {
  if (Object.hasOwn(known, key)) return known[key]!;
  throw new AirlockOptionsError(
    prefix + key,
    `Unknown option \`${prefix}${key}\`. Known options: ${Object.keys(known).join(', ')}.`,
  );
}
