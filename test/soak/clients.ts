import { Agent, request } from 'node:http';
import { connect } from 'node:net';

/** What clients ask for. */
export const PATHS = [
  'nothing',
  'quick',
  'slow',
  'after',
  'later',
  'fails',
  'effect-fails',
  'cascade',
  'nested',
  'transactions',
  'leftover',
  'denied',
  'events',
] as const;

/** Clients of one server; each method resolves when the client is done, whatever came of it. */
export class Clients {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 16 });

  constructor(private readonly port: number) {}

  /** Over a connection that is kept. */
  async ask(path: string): Promise<void> {
    await this.send(path);
  }

  /** Goes away after some milliseconds. */
  async leave(path: string, afterMs: number): Promise<void> {
    await this.send(path, afterMs);
  }

  /** Many at once over one connection, and away once `answers` of them are there. */
  async pipeline(paths: readonly string[], answers = paths.length): Promise<void> {
    await new Promise<void>((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      let seen = 0;
      socket.on('data', (data: Buffer) => {
        seen += data.toString('latin1').split('HTTP/1.1 ').length - 1;
        if (seen >= answers && answers < paths.length) socket.destroy();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      const lines = [...paths, 'nothing'].map((path) => `GET /${path} HTTP/1.1\r\nHost: a\r\n`);
      // A stream of events, which may be among them, says that the connection is kept.
      socket.write(`${lines.join('\r\n')}Connection: close\r\n\r\n`);
      if (answers === 0) setTimeout(() => socket.destroy(), 2);
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private async send(path: string, leavesAfterMs?: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const asking = request({
        port: this.port,
        host: '127.0.0.1',
        path: `/${path}`,
        agent: this.agent,
      });
      asking.on('response', (response) => response.resume());
      asking.on('error', () => {});
      asking.on('close', resolve);
      asking.end();
      if (leavesAfterMs !== undefined) setTimeout(() => asking.destroy(), leavesAfterMs);
    });
  }
}
