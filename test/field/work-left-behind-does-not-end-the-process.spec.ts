import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { until } from '../until.js';

const { version } = jest.requireActual<{ version: string }>('@nestjs/core/package.json');
const folder = resolve(__dirname, '../process');

/** An application in a process of its own, with what it says. */
async function start() {
  const child = fork(join(folder, 'leftover.app.ts'), {
    execArgv: ['--disable-warning=ExperimentalWarning', '--import', join(folder, 'typescript.mjs')],
    env: { PATH: process.env['PATH'], NEST: version.split('.')[0]!, NO_COLOR: '1' },
    silent: true,
  });
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  const accident = exit.then(([code]) => {
    throw new Error(`It ended with ${code}: ${errors}`);
  });
  accident.catch(() => {});
  const next = async <T>(): Promise<T> => {
    const [message] = (await Promise.race([once(child, 'message'), accident])) as [T];
    return message;
  };
  const { url } = await next<{ url: string }>();
  return {
    ask: async (path: string) => {
      const response = await fetch(`${url}/${path}`, { headers: { connection: 'close' } });
      return { status: response.status, body: await response.text() };
    },
    errors: () => errors,
    async end() {
      const last = next<{ sent: readonly string[]; caught: readonly string[] }>();
      child.send('end');
      const { sent, caught } = await last;
      const [code] = await exit;
      return { sent, caught, code };
    },
  };
}

const late = (effect: string, scope: string): RegExp =>
  new RegExp(`ERROR \\[Airlock\\] .*"${effect}" .*"${scope}"`);

/** What is left behind, who did it, how the request was answered, and what is named in the log. */
const rows: readonly (readonly [string, string, number, string, string])[] = [
  [
    'a timer that calls an effect and catches what it rejects with',
    'reminder',
    200,
    'Mail.send',
    'Desk.remind',
  ],
  ['work that nobody awaits, after a 202', 'report', 202, 'Mail.send', 'Desk.startReport'],
  ['a handler that goes on after its time was over', 'slow', 408, 'Mail.send', 'Desk.slow'],
  // Goes on until the application ends.
  ['a poller that the first request has started', 'poller', 200, 'tick', 'Desk.poll'],
];

describe('when a request leaves work behind that calls an effect', () => {
  let app: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => void (app = await start()), 60_000);

  it.each(rows)(
    'logs the call, and answers others as ever: %s',
    async (_what, path, status, effect, scope) => {
      expect((await app.ask(path)).status).toBe(status);
      await until(() => late(effect, scope).test(app.errors()));
      expect(await app.ask('order')).toEqual({ status: 200, body: 'ordered' });
    },
    60_000,
  );

  it('drops all of it, and ends by itself', async () => {
    const { sent, caught, code } = await app.end();
    expect({ sent, caught, code }).toEqual({ sent: rows.map(() => 'order'), caught: [], code: 0 });
    expect(app.errors()).not.toMatch(/unhandled|uncaught/i);
  }, 60_000);
});
