import { AsyncResource } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { concatMap, Subject } from 'rxjs';
import {
  currentScope,
  detached,
  type EffectScope,
  enqueueWith,
  type Intent,
  openScope,
  runInScope,
} from 'nestjs-airlock';
import { primitives } from './asynchronous-primitives.js';

describe('when one unit of work makes something, another uses it and a third sets it off', () => {
  let scopes: Readonly<Record<'creator' | 'caller' | 'trigger', EffectScope>>;

  beforeEach(() => {
    scopes = {
      creator: openScope({ name: 'creator' }),
      caller: openScope({ name: 'caller' }),
      trigger: openScope({ name: 'trigger' }),
    };
  });
  afterEach(() => {
    for (const scope of Object.values(scopes)) {
      scope.close();
      scope.discard();
    }
  });

  it.each(Object.entries(primitives))(
    'knows whose scope a callback runs in: %s',
    async (_name, one) => {
      const { creator, caller, trigger } = scopes;
      const made = (await creator.run(async () => one.create?.())) as never;
      const seen = new Promise<string>((resolve) => {
        caller.run(() => void one.call(made, () => resolve(currentScope()?.name ?? 'none')));
      });
      // Whatever is to listen does so by then.
      await sleep(5);
      trigger.run(() => void one.trigger?.(made));
      expect(await seen).toBe(one.decides);
      await one.end?.(made);
    },
  );
});

describe('the page that tells of them', () => {
  const page = readFileSync(join(__dirname, '../../docs/guide/asynchronous-context.md'), 'utf8');
  const titles = {
    caller: 'in the scope of whoever hands it over',
    trigger: 'in the scope of whoever sets it off',
    creator: 'in the scope of whoever made it, or began',
    none: 'in no scope',
  };

  it.each(Object.entries(titles))(
    'lists those where the %s decides, and no others',
    (decides, title) => {
      const section = page
        .split(/^## /m)
        .find((text) => text.startsWith(`The callback is ${title}`))!;
      const rows = section.split('\n').filter((line) => /^\| (?!-|of )/.test(line));
      const listed = rows.flatMap((row) =>
        row
          .split('|')[2]!
          .split(' · ')
          .map((name) => name.trim()),
      );
      const expected = Object.entries(primitives).filter(([, one]) => one.decides === decides);
      expect(listed.toSorted()).toEqual(expected.map(([name]) => name).toSorted());
    },
  );
});

describe('what the page says to do', () => {
  const effectsOf = async (name: string, work: () => Promise<void>): Promise<string[]> => {
    const effects: string[] = [];
    const policy = { allows: (intent: Intent) => effects.push(intent.name) > 0 };
    await runInScope({ name, policy }, work);
    return effects;
  };
  const call = (name: string): Promise<void> => Promise.resolve(enqueueWith({ name }, () => {}));

  it('gives each job to the request that adds it, where it is bound', async () => {
    let running = Promise.resolve();
    const add = (job: () => Promise<void>): Promise<void> => {
      const bound = AsyncResource.bind(job);
      return (running = running.then(bound, bound));
    };
    const slow = async (name: string): Promise<void> => (await sleep(5), call(name));
    const [a, b] = await Promise.all([
      effectsOf('a', () => add(() => slow('of a'))),
      effectsOf('b', () => add(() => slow('of b'))),
    ]);
    expect([a, b]).toEqual([['of a'], ['of b']]);
  });

  it('makes each job a unit of work of its own, where the queue is detached', async () => {
    const scopes: unknown[] = [];
    let ended = 0;
    const jobs = new Subject<() => Promise<void>>();
    detached(() => jobs.pipe(concatMap((job) => runInScope({ name: 'job' }, job))).subscribe());
    const job = async (): Promise<void> => {
      scopes.push([currentScope()!.name, currentScope()!.parent?.name]);
      await sleep(5);
      await call('of a job');
      ended++;
    };
    const [a, b] = await Promise.all([
      effectsOf('a', async () => detached(() => jobs.next(job))),
      effectsOf('b', async () => detached(() => jobs.next(job))),
    ]);
    expect([a, b]).toEqual([[], []]);
    while (ended < 2) await sleep(5);
    expect(scopes).toEqual([
      ['job', undefined],
      ['job', undefined],
    ]);
  });
});
