import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One address for several servers: new connections lead to the one it points at, those that are
 * there stay where they are.
 */
export class Address {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private listening = 0;

  private constructor(private target: { readonly port: number }) {}

  static async of(target: { readonly port: number }): Promise<Address> {
    const address = new Address(target);
    await address.open();
    return address;
  }

  get port(): number {
    return this.listening;
  }

  pointAt(target: { readonly port: number }): void {
    this.target = target;
  }

  /** To those who go through it this is what a restart of the server looks like. */
  async shutFor(ms: number): Promise<void> {
    await this.shut();
    await sleep(ms);
    await this.open();
  }

  /** Breaks its connections and takes no new ones. */
  async shut(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    const closed = once(server.close(), 'close');
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  async open(): Promise<void> {
    const server = createServer((socket) => this.forward(socket));
    await once(server.listen(this.listening, '127.0.0.1'), 'listening');
    this.listening = (server.address() as { port: number }).port;
    this.server = server;
  }

  private forward(near: Socket): void {
    const far = connect(this.target.port, '127.0.0.1');
    near.setNoDelay(true).pipe(far.setNoDelay(true)).pipe(near);
    tie(near, far, this.sockets);
  }
}

/** Notes two sockets as long as they are open, and closes each with the other. */
export function tie(near: Socket, far: Socket, open: Set<Socket>): void {
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      other.destroy();
    });
  }
}
