import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** A connection to a server that can be cut and mended, as networks are. */
export class Wire {
  private readonly sockets = new Set<Socket>();
  private isCut = false;
  /** How many more bytes pass towards the server. */
  private remaining = Infinity;

  private constructor(
    private readonly listener: Server,
    readonly url: string,
  ) {}

  static async to(server: string): Promise<Wire> {
    const { hostname, port } = new URL(server);
    const listener = createServer();
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const url = new URL(server);
    url.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const wire = new Wire(listener, url.href);
    listener.on('connection', (near) => wire.join(near, () => connect(Number(port), hostname)));
    return wire;
  }

  /** Breaks every connection, and refuses new ones. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  /** Breaks them in the middle of what is sent after this. */
  cutAfter(bytes: number): void {
    this.remaining = bytes;
  }

  mend(): void {
    this.isCut = false;
    this.remaining = Infinity;
  }

  async close(): Promise<void> {
    this.cut();
    this.listener.close();
    await once(this.listener, 'close');
  }

  private join(near: Socket, reach: () => Socket): void {
    if (this.isCut) return void near.destroy();
    const far = reach();
    for (const socket of [near, far]) {
      this.sockets.add(socket);
      socket.on('error', () => {});
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    far.pipe(near);
    near.on('data', (data) => {
      if (data.length <= this.remaining) return void far.write(data);
      far.write(data.subarray(0, this.remaining), () => this.cut());
      this.remaining = 0;
    });
  }
}
