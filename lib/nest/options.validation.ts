import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import type { AirlockModuleOptions, BoundaryName, BoundaryOptions } from './options.js';

type Check = (key: string, value: unknown) => void;

/** What this version covers, and what it knows by name but does not cover yet. */
const BOUNDARY_NAMES: Record<BoundaryName, 'covered' | 'not covered'> = {
  http: 'covered',
  rpc: 'not covered',
  ws: 'not covered',
  graphql: 'not covered',
  bullmq: 'not covered',
  schedule: 'not covered',
  'event-emitter': 'not covered',
  cqrs: 'not covered',
  commander: 'not covered',
};

const isFunction = (value: unknown): boolean => typeof value === 'function';
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

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

const boundaryChecks: Record<keyof BoundaryOptions, Check> = {
  policy,
  shouldFlush: expect('a function', isFunction),
  openAt: oneOf('interceptor', 'middleware'),
};

const checks: Record<keyof AirlockModuleOptions, Check> = {
  policy,
  executor,
  executors: (key, value) => {
    expect('an object of executors by name', (v) => isObject(v) && !Array.isArray(v))(key, value);
    for (const [name, one] of Object.entries(value as object)) executor(`${key}.${name}`, one);
  },
  boundaries: (key, value) => {
    expect('an object of boundaries by name', (v) => isObject(v) && !Array.isArray(v))(key, value);
    for (const [name, one] of Object.entries(value as object)) boundary(key, name, one);
  },
  dispatch: oneOf('beforeResponse', 'afterResponse'),
  onCancel: oneOf('discard', 'flush'),
  onDispatchError: expect(
    "'report', 'throw' or a function",
    (value) => value === 'report' || value === 'throw' || isFunction(value),
  ),
  outsideScope: oneOf('throw', 'dispatch', 'drop'),
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

function boundary(key: string, name: string, value: unknown): void {
  const coverage = lookUp(`${key}.`, name, BOUNDARY_NAMES);
  if (value === undefined || value === false) return;
  if (coverage === 'not covered') {
    throw new AirlockOptionsError(
      `${key}.${name}`,
      `\`${key}.${name}\` cannot be set: this version opens no scopes there. Remove the key, and use \`airlock.run(...)\` or \`@Airlock()\` there.`,
    );
  }
  if (value === true) return;
  expect('true, false or an object of options', isObject)(`${key}.${name}`, value);
  checkKeys(`${key}.${name}.`, value as object, boundaryChecks);
}

function lookUp<T>(prefix: string, key: string, known: Readonly<Record<string, T>>): T {
  if (Object.hasOwn(known, key)) return known[key]!;
  throw new AirlockOptionsError(
    prefix + key,
    `Unknown option \`${prefix}${key}\`. Known options: ${Object.keys(known).join(', ')}.`,
  );
}
