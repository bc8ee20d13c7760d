import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { transformFileSync } from '@swc/core';
import { Queue } from 'bullmq';
import { filesIn, root } from '../../test/package/built.js';
import { describeWith, redis } from '../../test/servers.js';

const PATIENCE_MS = 30_000;
jest.setTimeout(4 * PATIENCE_MS);

describeWith(redis, 'the web process and its worker', () => {
  const queueName = `sample-07-${randomUUID()}`;
  let build: string;
  let queue: Queue;
  let web: Program;
  let worker: Program;
  let signups: string;

  const start = (name: 'web' | 'worker') =>
    new Program(join(build, `sample/${name}.js`), {
      REDIS_URL: redis.url,
      QUEUE: queueName,
      PORT: '0',
    });
  const startWorker = async () => {
    worker = start('worker');
    await worker.says(/Running the effects in/);
  };
  const signUp = async (email: string): Promise<number> =>
    (await fetch(signups, { method: 'POST', body: new URLSearchParams({ email }) })).status;

  beforeAll(async () => {
    build = buildAside();
    queue = new Queue(queueName, { connection: { url: redis.url } });
    web = start('web');
    [, signups = ''] = await web.says(/Takes signups at (.+)\n/);
  });
  afterAll(async () => {
    try {
      await Promise.all([web?.end(), worker?.end()]);
      await queue?.obliterate({ force: true });
      await queue?.close();
    } finally {
      if (build !== undefined) rmSync(build, { recursive: true });
    }
  });

  describe('when no worker runs', () => {
    it('keeps in Redis what a request has called, and nothing of a request that fails', async () => {
      expect(await signUp('ada@example.com')).toBe(201);
      expect(await signUp('ada@example.com')).toBe(409);
      const jobs = await queue.getJobs();
      expect(jobs.map(({ name, data }) => ({ name, args: data.args }))).toEqual([
        { name: 'MailService.welcome', args: ['ada@example.com'] },
      ]);
    });
  });

  describe('when a worker runs', () => {
    beforeAll(startWorker);

    it('runs effects, and what they call themselves, in that process and not in the one of the request', async () => {
      expect(await signUp('bob@example.com')).toBe(201);
      await untilDone();
      expect(inbox('bob@example.com', web, worker)).toEqual([
        `[worker] ${worker.pid}: Welcome! (id 1)`,
        `[worker] ${worker.pid}: Tips for your first day (id 2)`,
      ]);
      expect(worker.pid).not.toBe(web.pid);
    });

    it('tries an effect again under the same id, and drops what the failed attempt has called', async () => {
      expect(await signUp('cleo@slow.example')).toBe(201);
      await untilDone();
      expect(mails('cleo@slow.example', worker)).toEqual([
        'Welcome! (id 1)',
        'nothing new, id 1 is here already',
        'Tips for your first day (id 2)',
        'nothing new, id 2 is here already',
      ]);
      expect(worker.said).toMatch(
        /MailService\.welcome .+ failed in attempt 1 of 5: The answer of the provider got lost/,
      );
    });

    it('ends on SIGTERM with what it has begun, and leaves the rest, and what is called meanwhile, to the next one', async () => {
      const first = worker;
      const emails = Array.from({ length: 10 }, (_, index) => `dora-${index}@example.com`);
      await Promise.all(emails.map(signUp));
      await first.says(/dora-\d@example.com: Welcome/);
      expect(await first.end()).toBe('SIGTERM');

      const { active, waiting } = await queue.getJobCounts('active', 'waiting');
      expect(active).toBe(0);
      expect(waiting).toBeGreaterThan(0);
      expect(await signUp('eve@example.com')).toBe(201);

      await startWorker();
      await untilDone();
      const mailed = ['Welcome! (id 1)', 'Tips for your first day (id 2)'];
      for (const email of emails) expect(mails(email, first, worker)).toEqual(mailed);
      expect(mails('eve@example.com', worker)).toEqual(mailed);
    });
  });

  async function untilDone(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const left = await queue.getJobCountByTypes('waiting', 'active', 'delayed');
      await setTimeout(20); // The last lines are on their way.
      if (left === 0) return;
      if (performance.now() > deadline)
        throw new Error(`${left} jobs are left. The worker said:\n${worker.said}`);
    }
  }
});

/** What reached somebody, with ids by the order of their appearance. */
function mails(email: string, ...programs: readonly Program[]): readonly string[] {
  return inbox(email, ...programs).map((line) => line.replace(/^\[\w+\] \d+: /, ''));
}

/** The same, and who sent it. */
function inbox(email: string, ...programs: readonly Program[]): readonly string[] {
  const ids: string[] = [];
  const lines = programs
    .flatMap(({ said }) => said.split('\n'))
    .filter((line) => line.includes(`[Inbox] ${email}: `));
  return lines.map((line) =>
    line
      .replace(/^(\[\w+\] \d+) .* \[Inbox\] \S+: /, '$1: ')
      .replace(/[\w-]{36}:\d+/, (id) => `id ${ids.indexOf(id) + 1 || ids.push(id)}`),
  );
}

/** One of the two programs, running in a process of its own. */
class Program {
  said = '';
  private readonly child: ChildProcessByStdio<null, Readable, Readable>;
  private readonly gone: Promise<unknown[]>;

  constructor(file: string, env: NodeJS.ProcessEnv) {
    const { NODE_ENV: _, FORCE_COLOR: __, ...inherited } = process.env;
    this.child = spawn(process.execPath, [file], {
      env: { ...inherited, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.gone = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.said += text));
    }
  }

  get pid(): number {
    return this.child.pid!;
  }

  async says(words: RegExp): Promise<RegExpExecArray> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = words.exec(this.said);
      if (found !== null) return found;
      if (performance.now() > deadline || this.child.exitCode !== null) {
        throw new Error(`Waited in vain for ${String(words)}. What was said:\n${this.said}`);
      }
      await setTimeout(10);
    }
  }

  /** Asks it to end. @returns the exit code, or the signal by which it has ended */
  async end(): Promise<unknown> {
    this.child.kill('SIGTERM');
    const killed = setTimeout(PATIENCE_MS, undefined, { ref: false }).then(() =>
      this.child.kill('SIGKILL'),
    );
    await Promise.race([this.gone, killed]);
    const [code, signal] = await this.gone;
    return code ?? signal;
  }
}

/**
 * What `npm run build` and `nest build` make, but for types and bundles, in a folder of its own,
 * next to the packages of the Nest that is under test.
 *
 * @returns the folder
 */
function buildAside(): string {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache/sample-07-'));
  const nest = dirname(require.resolve('@nestjs/core/package.json'));
  symlinkSync(join(nest, '../..'), join(folder, 'node_modules'), 'junction');
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  compile(join(root, 'lib'), join(folder, 'dist/esm'));
  compile(__dirname, join(folder, 'sample'));
  return folder;
}

function compile(from: string, to: string): void {
  for (const file of filesIn(from)) {
    if (!/(?<!\.spec)\.ts$/.test(file)) continue;
    const { code } = transformFileSync(file, {
      swcrc: false,
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: {
          legacyDecorator: true,
          decoratorMetadata: true,
          useDefineForClassFields: false,
        },
        keepClassNames: true,
      },
      module: { type: 'es6' },
    });
    const target = join(to, relative(from, file).replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
}
