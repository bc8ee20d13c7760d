import { connect, createServer, type Server, type Socket } from 'node:net';
import { postgres } from '../../servers.js';

/**
 * A way to PostgreSQL that can be shut: connections break and new ones are refused, or nothing
 * answers any more.
 */
export class PostgresGate {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private isSilent = false;
  private port = 0;

  /** Where the gate is, open or not. */
  get url(): string {
    const url = new URL(postgres.url);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Number of connections that lead through it. */
  get connections(): number {
    return this.sockets.size / 2;
  }

  async open(): Promise<void> {
    this.isSilent = false;
    if (this.server !== undefined) return;
    const server = createServer((socket) => this.forward(socket));
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as { port: number }).port;
    this.server = server;
  }

  async shut(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    const closed = new Promise<unknown>((resolve) =>
      server === undefined ? resolve(0) : server.close(resolve),
    );
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** Connections stay, but what comes through them is kept. */
  fallSilent(): void {
    this.isSilent = true;
  }

  private forward(socket: Socket): void {
    const { hostname, port } = new URL(postgres.url);
    const peer = connect(Number(port || 5432), hostname);
    for (const [from, to] of [
      [socket, peer],
      [peer, socket],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (data) => this.isSilent || to.write(data));
      from.on('error', () => {});
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}
