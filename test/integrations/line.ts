import { connect, createServer, type Server, type Socket } from 'node:net';
import { tie } from '../own-servers/address.js';
import type { TestServer } from '../servers.js';

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'redis:': 6379,
  'amqp:': 5672,
  'nats:': 4222,
};

/** A line to a server that can be cut, frozen and mended. */
export class Line {
  port = 0;
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();
  private isFrozen = false;
  private isDeaf = false;
  private allowance = Infinity;
  private isRefusing = false;

  constructor(private readonly target: TestServer) {}

  get url(): string {
    const url = new URL(this.target.url);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Listens, on the same port as before where there was one. */
  async mend(): Promise<void> {
    this.isFrozen = this.isDeaf = false;
    this.allowance = Infinity;
    const { hostname, port, protocol } = new URL(this.target.url);
    this.server = createServer((near) => {
      const far = connect(Number(port || DEFAULT_PORTS[protocol]), hostname);
      near.on('data', (data) => this.pass(data, far));
      far.on('data', (data) => void (this.isFrozen || this.isDeaf || near.write(data)));
      tie(near, far, this.sockets);
    });
    await new Promise<void>((resolve) => this.server!.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as { port: number }).port;
  }

  /** Nothing gets through in either direction any more, and nobody is told. */
  freeze(): void {
    this.isFrozen = true;
  }

  /** What is sent arrives, but no answer comes back. */
  deafen(): void {
    this.isDeaf = true;
  }

  /**
   * Lets so many bytes through to the server, then breaks the connection; with `refusing` also
   * every further one.
   */
  cutAfter(bytes: number, refusing = false): void {
    this.allowance = bytes;
    this.isRefusing = refusing;
  }

  /** Breaks all connections; new ones are taken. */
  drop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.isFrozen = this.isDeaf = false;
    this.allowance = Infinity;
  }

  /** Breaks all connections and refuses new ones. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server!.close(resolve));
    this.drop();
    await closed;
  }

  private pass(data: Buffer, far: Socket): void {
    if (this.isFrozen) return;
    const some = data.subarray(0, this.allowance);
    this.allowance -= data.length;
    if (this.allowance >= 0) far.write(some);
    // The server gets to see what was allowed before it sees the end.
    else
      far.write(some, () =>
        setTimeout(() => (this.isRefusing ? void this.cut() : this.drop()), 20),
      );
  }
}
