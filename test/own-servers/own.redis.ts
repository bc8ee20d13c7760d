import { setTimeout as sleep } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { freePort, type Invocation, OwnServer, programAt } from './own.server.js';

/** A Redis of a test's own. What it has confirmed is on disk: a kill loses nothing. */
export class OwnRedis extends OwnServer {
  private constructor(
    port: number,
    private readonly password: string | undefined,
    private leader: OwnRedis | undefined,
  ) {
    super(port);
  }

  static get program(): string | undefined {
    return programAt('redis-server');
  }

  static async start(
    options: { readonly password?: string; readonly replicaOf?: OwnRedis } = {},
  ): Promise<OwnRedis> {
    const server = new OwnRedis(await freePort(), options.password, options.replicaOf);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://${this.password === undefined ? '' : `:${encodeURIComponent(this.password)}@`}127.0.0.1:${this.port}`;
  }

  /** Changes places with a replica of it, without losing a write. It keeps its connections. */
  async failOverTo(replica: OwnRedis): Promise<void> {
    // The replica knows that it follows a moment before this one does, which refuses until then.
    while (!(await this.replication()).includes(`port=${replica.port},state=online`))
      await sleep(20);
    await this.command('failover', 'to', '127.0.0.1', String(replica.port), 'timeout', '10000');
    while (!String(await replica.command('role')).startsWith('master')) await sleep(20);
    this.leader = replica;
    replica.leader = undefined;
  }

  /** Whether it has what the one that it follows has. */
  async isFollowing(): Promise<boolean> {
    return (await this.replication()).includes('master_link_status:up');
  }

  private async replication(): Promise<string> {
    return String(await this.command('info', 'replication'));
  }

  /** Sends one command, through a connection of its own. */
  async command(name: string, ...args: readonly string[]): Promise<unknown> {
    const client = this.client();
    try {
      await client.connect();
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
    }
  }

  protected get invocation(): Invocation {
    const settings: Record<string, string> = {
      port: String(this.port),
      bind: '127.0.0.1',
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
      'repl-diskless-sync': 'yes',
      'repl-diskless-sync-delay': '0',
      ...(this.password !== undefined && { requirepass: this.password }),
      ...(this.leader !== undefined && { replicaof: `127.0.0.1 ${this.leader.port}` }),
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [
      `--${name}`,
      ...value.split(' '),
    ]);
    return { program: OwnRedis.program!, args };
  }

  protected async answers(): Promise<boolean> {
    const client = this.client();
    try {
      await client.connect();
      return (await client.ping()) === 'PONG';
    } catch {
      return false;
    } finally {
      client.disconnect();
    }
  }

  private client(): Redis {
    const options: RedisOptions = {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      commandTimeout: 2_000,
    };
    const client = new Redis(this.url, options);
    // It is told by the command as well.
    client.on('error', () => {});
    return client;
  }
}
