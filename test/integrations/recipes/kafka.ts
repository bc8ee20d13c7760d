import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const PRODUCE = 0;
const METADATA = 3;
const API_VERSIONS = 18;
const MESSAGE_TOO_LARGE = 10;

const int16 = (value: number): Buffer => {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
};
const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const int64 = (value: number): Buffer => Buffer.concat([int32(0), int32(value)]);
const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)]);
const array = (...entries: readonly (readonly Buffer[])[]): Buffer =>
  Buffer.concat([int32(entries.length), ...entries.flat()]);

/**
 * The least of a Kafka broker that a producer needs: one topic of one partition. Kafka itself is no
 * server that the tests look for.
 */
export class KafkaServer {
  /** Bodies of the messages that it was sent, those of a request together. */
  readonly requests: string[][] = [];
  isFull = false;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<KafkaServer> {
    const started = new KafkaServer(createServer((socket) => started.serve(socket)));
    await new Promise<void>((done) => started.server.listen(0, '127.0.0.1', done));
    return started;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE()) {
        const end = 4 + received.readInt32BE();
        const answer = this.answer(received.readInt16BE(4), received.subarray(4, end));
        const body = Buffer.concat([received.subarray(8, 12), answer]);
        socket.write(Buffer.concat([int32(body.length), body]));
        received = received.subarray(end);
      }
    });
  }

  private answer(api: number, request: Buffer): Buffer {
    if (api === API_VERSIONS) {
      const versions = [
        [int16(PRODUCE), int16(3), int16(3)],
        [int16(METADATA), int16(0), int16(0)],
        [int16(API_VERSIONS), int16(0), int16(0)],
      ];
      return Buffer.concat([int16(0), array(...versions)]);
    }
    if (api === METADATA) {
      const partition = [int16(0), int32(0), int32(0), array([int32(0)]), array([int32(0)])];
      return Buffer.concat([
        array([int32(0), text('127.0.0.1'), int32(this.port)]),
        array([int16(0), text('effects'), array(partition)]),
      ]);
    }
    if (!this.isFull) this.requests.push(request.toString().match(/\{"id":.*?\]\}/g) ?? []);
    const partition = [int32(0), int16(this.isFull ? MESSAGE_TOO_LARGE : 0), int64(0), int64(0)];
    return Buffer.concat([array([text('effects'), array(partition)]), int32(0)]);
  }
}
