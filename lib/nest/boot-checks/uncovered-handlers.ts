import 'reflect-metadata';
import type { LoggerService } from '@nestjs/common';
import { methodName } from '../../core/effect/bound-effect.js';
import { methodsWith } from '../boundaries/entry-point.js';
import { airlockOn } from '../decorators/airlock.decorator.js';
import { isSkipped } from '../decorators/skip-airlock.decorator.js';
import type { Member } from '../container/providers.js';

/** A library that calls its handlers itself, and the metadata that tells them. */
interface Library {
  readonly name: string;
  /** The metadata that its decorators write. */
  readonly keys: readonly (string | symbol)[];
  /**
   * Place of the metadata: on the method, which the library takes from the instance, so that
   * `entryPoints` covers it (`method`), or from the class (`prototype`); under the method's name
   * (`name`); or in a list on the class (`class`).
   */
  readonly on: 'method' | 'prototype' | 'name' | 'class';
  /** The metadata of the classes that the library looks at, if it looks at no others. */
  readonly classes?: string;
}

/**
 * Well-known libraries that Airlock does not cover by itself. Handlers that are built with Nest's
 * external context creator (Discord, Telegram, RabbitMQ of golevelup) are covered as messages.
 */
const LIBRARIES: readonly Library[] = [
  { name: '@ssut/nestjs-sqs', keys: [Symbol.for('SQS_CONSUMER_METHOD')], on: 'prototype' },
  { name: '@wavezync/nestjs-pgboss', keys: ['PG_BOSS_JOB_METADATA'], on: 'method' },
  { name: 'nestjs-graphile-worker', keys: [Symbol.for('TASK_HANDLER_METADATA')], on: 'method' },
  { name: '@evva/nest-mqtt', keys: ['__mqtt_subscribe_options'], on: 'method' },
  { name: 'nestjs-temporal', keys: ['_temporal_module_activity'], on: 'method' },
  { name: 'nestjs-temporal-core', keys: ['TEMPORAL_ACTIVITY_METHOD'], on: 'prototype' },
  {
    name: 'nestjs-console',
    keys: ['nests-console.Command:'],
    on: 'name',
    classes: 'nests-console.Console',
  },
  {
    name: 'nestjs-slack-bolt',
    keys: [
      'slack:message',
      'slack:action',
      'slack:command',
      'slack:event',
      'slack:shortcut',
      'slack:view',
    ],
    on: 'class',
  },
];

/**
 * Names in one warning the methods that look like handlers of a library that calls them itself:
 * what they call is in no scope. One with `@Airlock()` or `@SkipAirlock()`, or covered by
 * `entryPoints`, is left out.
 *
 * @internal
 */
export function warnOfUncovered(
  members: readonly Member[],
  isCovered: (member: Member, key: string) => boolean,
  logger: LoggerService,
): void {
  const uncovered = LIBRARIES.map((library) => ({
    library,
    names: new Set(members.flatMap((member) => [...handlersOf(member, library, isCovered)])),
  })).filter(({ names }) => names.size > 0);
  if (uncovered.length === 0) return;
  const sentences = uncovered.map(
    ({ library, names }) => `${list(names)} of ${library.name}: ${remedyFor(library)}`,
  );
  logger.warn(
    `Some methods look like handlers that no boundary covers, so that effects called in them are outside any scope. ${sentences.join(' ')}`,
  );
}

function* handlersOf(
  member: Member,
  library: Library,
  isCovered: (member: Member, key: string) => boolean,
): Generator<string> {
  const { type } = member;
  const prototype = type.prototype as Record<string, object>;
  for (const key of markedBy(library, member)) {
    const method = prototype[key]!;
    // A method that is wrapped on the instance does not cover one that is taken from the class.
    if (library.on === 'method' && isCovered(member, key)) continue;
    if (airlockOn(method) === undefined && !isSkipped(type, method))
      yield methodName(Object.create(prototype) as object, key);
  }
}

function markedBy({ keys, on, classes }: Library, member: Member): readonly string[] {
  const { type, methods, marks } = member;
  if (classes !== undefined && !marks.has(classes)) return [];
  if (on === 'name')
    return methods.filter((name) =>
      keys.some((key) => Reflect.hasMetadata(key, type.prototype as object, name)),
    );
  if (on !== 'class') return keys.flatMap((key) => methodsWith(key, member));
  const listed = keys
    .filter((key) => marks.has(key))
    .flatMap((key) => Reflect.getMetadata(key, type) as unknown);
  const names = new Set(
    listed.map((entry) => (entry as { readonly propertyKey?: unknown } | null)?.propertyKey),
  );
  return methods.filter((name) => names.has(name));
}

function remedyFor({ name, keys: [key], on }: Library): string {
  if (on !== 'method') return 'put `@Airlock()` on them.';
  const written = typeof key === 'symbol' ? `Symbol.for('${key.description}')` : `'${key}'`;
  return `cover them with \`entryPoints: [{ name: '${name}', metadataKey: ${written} }]\` of AirlockModule.`;
}

function list(names: ReadonlySet<string>): string {
  return [...names].map((name) => `\`${name}\``).join(', ');
}
