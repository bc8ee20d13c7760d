import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 30_000;

/** How a program is run, and as whom. */
export interface Invocation {
  readonly program: string;
  readonly args: readonly string[];
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * A server of a test's own, on a port and in a folder of its own: it may be killed, frozen and
 * started again.
 */
export abstract class OwnServer {
  readonly folder: string;
  private child: ChildProcess | undefined;
  private said = '';
  private readonly onExit = (): void => this.signalAll('SIGKILL');

  protected constructor(
    readonly port: number,
    private readonly user?: Invocation['user'],
  ) {
    this.folder = mkdtempSync(join(tmpdir(), 'own-server-'));
    // However the tests end, nothing is left running.
    process.once('exit', this.onExit);
    if (user !== undefined) chownSync(this.folder, user.uid, user.gid);
  }

  abstract readonly url: string;
  protected abstract readonly invocation: Invocation;
  /** Whether it takes work. */
  protected abstract answers(): Promise<boolean>;

  /** Resolves when it takes work. */
  async start(): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!(await this.answers())) {
      if (performance.now() > end)
        throw new Error(`A server does not start. It said:\n${this.said}`);
      // One that was killed may hold on to its port or its memory for a moment.
      if (this.child === undefined) this.spawn();
      await sleep(25);
    }
  }

  /** Ends it in the middle of whatever it does. Resolves when it is gone. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    this.freeze();
    this.signalAll('SIGKILL');
    await gone;
  }

  /** It keeps its connections and answers nobody. */
  freeze(): void {
    // The first of them makes the others.
    if (this.child !== undefined) signal(this.child.pid!, 'SIGSTOP');
    this.signalAll('SIGSTOP');
  }

  thaw(): void {
    this.signalAll('SIGCONT');
  }

  /** Leaves nothing of it behind. */
  async remove(): Promise<void> {
    await this.kill();
    process.off('exit', this.onExit);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  private spawn(): void {
    const { program, args } = this.invocation;
    const child = spawn(program, args, {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...this.user,
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream
        .setEncoding('utf8')
        .on('data', (text: string) => (this.said = (this.said + text).slice(-4_000)));
    }
    child.once('error', (error) => (this.said += String(error)));
    child.once('exit', () => (this.child = undefined));
  }

  private signalAll(name: NodeJS.Signals): void {
    for (const pid of this.processes()) signal(pid, name);
  }

  private processes(): readonly number[] {
    if (this.child === undefined) return [];
    const pid = this.child.pid!;
    return [pid, ...childrenOf(pid)];
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const found = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
    return found.trim().split(/\s+/).map(Number);
  } catch {
    // What `ps` says where there are none.
    return [];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  await once(server.close(), 'close');
  return port;
}

/** Where a program is; undefined where it is not installed. */
export function programAt(name: string): string | undefined {
  try {
    const found = execFileSync(
      'sh',
      ['-c', `PATH=$PATH:/usr/sbin:/usr/local/sbin command -v ${name}`],
      {
        encoding: 'utf8',
      },
    );
    return found.trim();
  } catch {
    return undefined;
  }
}
