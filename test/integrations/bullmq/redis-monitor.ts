import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One command that reached Redis. */
interface Seen {
  readonly source: string;
  readonly args: readonly string[];
}

/**
 * `MONITOR` on a socket of its own: clients expect one answer to a command, and on a busy server
 * stumble over the stream.
 */
export class RedisMonitor {
  private text = '';

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8').on('data', (text: string) => (this.text += text));
  }

  static async start(url: string): Promise<RedisMonitor> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port || 6379), hostname);
    const monitor = new RedisMonitor(socket);
    await once(socket, 'connect');
    socket.write('MONITOR\r\n');
    await monitor.has('+OK');
    return monitor;
  }

  /** Everything up to the command that says `end`. */
  async until(end: string): Promise<readonly Seen[]> {
    await this.has(end);
    this.socket.destroy();
    return this.text
      .split('\r\n')
      .map((line) => /^\+[\d.]+ \[\d+ (\S+)\] (.*)$/.exec(line))
      .flatMap((found) =>
        found === null ? [] : [{ source: found[1]!, args: argumentsIn(found[2]!) }],
      );
  }

  private async has(text: string): Promise<void> {
    while (!this.text.includes(text)) await once(this.socket, 'data');
  }
}

function argumentsIn(line: string): readonly string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, arg]) => arg!);
}
