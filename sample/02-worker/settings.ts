import { once } from 'node:events';
import { connect } from 'node:net';

/** What lies outside the worker. */
export class Settings {
  readonly redisUrl: string;
  /** Of the queues' keys in Redis. */
  readonly prefix: string;

  constructor({ redisUrl = 'redis://127.0.0.1:6379', prefix = 'parcels' }: Partial<Settings> = {}) {
    this.redisUrl = redisUrl;
    this.prefix = prefix;
  }

  static fromEnvironment({ REDIS_URL }: NodeJS.ProcessEnv = process.env): Settings {
    return new Settings({ redisUrl: REDIS_URL || undefined });
  }
}

/** Without it BullMQ would wait for a server for ever. @throws Error that says how to get one */
export async function assertReachable({ redisUrl }: Settings): Promise<void> {
  const { hostname, port } = new URL(redisUrl);
  const socket = connect({ host: hostname, port: Number(port || 6379) });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(3_000) });
  } catch (cause) {
    throw new Error(
      `No Redis answers at ${redisUrl}. Start one (\`docker run --rm -p 6379:6379 redis\`) or set REDIS_URL.`,
      { cause },
    );
  } finally {
    socket.destroy();
  }
}
