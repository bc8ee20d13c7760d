import type { ConnectionOptions } from 'bullmq';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import type { AirlockBullMqOptions } from './bullmq.options.js';
import { isElsewhere } from './redis-errors.js';

interface Address {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number | string;
  readonly sentinels?: unknown;
  /** Path of a socket in the file system. */
  readonly path?: string;
  readonly reconnectOnError?: ((error: Error) => boolean | 1 | 2) | null;
}

/** The used parts of an ioredis client that was constructed elsewhere. @internal */
interface ConstructedClient {
  readonly options: Address;
  readonly isCluster?: boolean;
  duplicate(...args: readonly unknown[]): ConstructedClient;
}

/**
 * Options of the connection that effects are sent through: a command leaves now or fails now. A
 * command that was kept for later could go out after its failure was reported.
 */
const SENDING = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
};

/** Options of the connection of workers, which wait without an end. BullMQ requires that. */
const WORKING = { enableOfflineQueue: true, maxRetriesPerRequest: null };

/** Finds a Redis that is back within a second. BullMQ's default takes up to twenty. */
const retryStrategy = (times: number): number => Math.min(50 * times, 1_000);

/** @throws AirlockOptionsError for a client of another library than ioredis @internal */
export function sendingConnection(given: AirlockBullMqOptions['connection']): ConnectionOptions {
  return connectionWith(given, SENDING);
}

/** @throws AirlockOptionsError for a client of another library than ioredis @internal */
export function workingConnection(given: AirlockBullMqOptions['connection']): ConnectionOptions {
  const own =
    typeof given === 'string'
      ? undefined
      : isConstructed(given)
        ? given.options
        : (given as Address);
  return connectionWith(given, {
    ...WORKING,
    reconnectOnError: reconnecting(own?.reconnectOnError),
  });
}

/** Returns host and port, for messages: the rest may be secret. @internal */
export function addressOfRedis(given: AirlockBullMqOptions['connection']): string {
  if (isConstructed(given) && given.isCluster === true) return 'The Redis cluster';
  const { sentinels, host, port } = isConstructed(given) ? given.options : addressIn(given);
  if (sentinels) return 'Redis behind its sentinels';
  return `Redis at ${host ?? '127.0.0.1'}:${port ?? 6379}`;
}

/**
 * Returns the identity of a Redis: the same value for all connections to it, as far as that can be
 * told.
 *
 * @param own identity where nothing is known
 * @internal
 */
export function serverOf(
  given: AirlockBullMqOptions['connection'] | undefined,
  own: object,
): unknown {
  if (given === undefined) return own;
  if (isConstructed(given) && given.isCluster === true) return own;
  const address: Address | undefined = isConstructed(given) ? given.options : addressIn(given);
  // A client of another library has no address. It is refused when a connection is made of it.
  if (address === undefined || address.sentinels || address.path) return own;
  return addressOfRedis(given);
}

/** @internal */
export function isConstructed(given: unknown): given is ConstructedClient {
  const { connect, duplicate } = given as { connect?: unknown; duplicate?: unknown };
  return typeof connect === 'function' && typeof duplicate === 'function';
}

function connectionWith(
  given: AirlockBullMqOptions['connection'],
  overrides: object,
): ConnectionOptions {
  if (typeof given === 'string') return { retryStrategy, ...overrides, url: given };
  if (!isConstructed(given)) return { retryStrategy, ...given, ...overrides };
  if (typeof (given as { defineCommand?: unknown }).defineCommand !== 'function')
    throw otherLibrary();
  const copy =
    given.isCluster === true ? given.duplicate([], overrides) : given.duplicate(overrides);
  return copy as ConnectionOptions;
}

function addressIn(given: string | ConnectionOptions): Address {
  const { url, ...address } = typeof given === 'string' ? { url: given } : (given as Address);
  if (url === undefined || !URL.canParse(url)) return address;
  const { hostname, port } = new URL(url);
  return { ...(hostname && { host: hostname }), ...(port && { port }) };
}

/**
 * Sends a command of a worker again through a new connection, if Redis refused it because it has
 * become a replica: the present connection would stay with that replica.
 */
function reconnecting(own: Address['reconnectOnError']): NonNullable<Address['reconnectOnError']> {
  return (error) => (isElsewhere(error) ? 2 : (own?.(error) ?? false));
}

function otherLibrary(): AirlockOptionsError {
  return new AirlockOptionsError(
    'connection',
    'Expected `connection` to be a client of ioredis, got one of another library. Pass options or a URL instead.',
  );
}
