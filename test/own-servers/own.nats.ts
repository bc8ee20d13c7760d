import { connect } from 'node:net';
import { once } from 'node:events';
import { freePort, type Invocation, OwnServer, programAt } from './own.server.js';

/** A NATS of a test's own. */
export class OwnNats extends OwnServer {
  private constructor(
    port: number,
    private readonly password: string | undefined,
  ) {
    super(port);
  }

  static get program(): string | undefined {
    return programAt('nats-server');
  }

  static async start({ password }: { readonly password?: string } = {}): Promise<OwnNats> {
    const server = new OwnNats(await freePort(), password);
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  protected get invocation(): Invocation {
    const login = this.password === undefined ? [] : ['--user', 'airlock', '--pass', this.password];
    return {
      program: OwnNats.program!,
      args: ['-a', '127.0.0.1', '-p', String(this.port), ...login],
    };
  }

  /** It is the first to speak. */
  protected async answers(): Promise<boolean> {
    const socket = connect(this.port, '127.0.0.1');
    try {
      const [data] = (await once(socket, 'data', { signal: AbortSignal.timeout(2_000) })) as [
        Buffer,
      ];
      return data.toString().startsWith('INFO');
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}
