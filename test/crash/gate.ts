import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A way to a server that can be shut for a while. To those who go through it this is what a restart of the server looks like:
 * connections break, new ones are refused, then it is back.
 */
export class Gate {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private port = 0;

  private constructor(private readonly target: URL) {}

  static async to(url: string): Promise<Gate> {
    const gate = new Gate(new URL(url));
    await gate.open();
    return gate;
  }

  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  async shutFor(ms: number): Promise<void> {
    await this.shut();
    await sleep(ms);
    await this.open();
  }

  async shut(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    const closed = once(server.close(), 'close');
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async open(): Promise<void> {
    const server = createServer((socket) => this.forward(socket));
    await once(server.listen(this.port, '127.0.0.1'), 'listening');
    this.port = (server.address() as { port: number }).port;
    this.server = server;
  }

  private forward(near: Socket): void {
    const { hostname, port, protocol } = this.target;
    const far = connect(Number(port || DEFAULT_PORTS[protocol]), hostname.replace(/^\[|\]$/g, ''));
    near.setNoDelay(true).pipe(far.setNoDelay(true)).pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'postgres:': 5432, 'postgresql:': 5432, 'redis:': 6379 };
