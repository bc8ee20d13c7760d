import { Injectable, Module, type Provider, Scope } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  AirlockModule,
  AirlockOptionsError,
  currentEffect,
  EffectBuffer,
  enqueue,
  runInScope,
  SideEffect,
  UnknownEffectError,
} from 'nestjs-airlock';
import { EffectWorker } from '../../../lib/nest/remote/effect-worker.js';
import { checkAfterEach, errorOf, sent } from '../core/fixtures.js';

checkAfterEach();

@Injectable()
class Mail {
  constructor(readonly effects: EffectBuffer) {}
  @SideEffect()
  async send(to: string): Promise<void> {
    sent.push(`mail to ${to}`);
    await this.log(to);
    if (to === 'nobody') throw new Error('no such box');
  }
  @SideEffect({ name: 'mail.log' })
  async log(to: string): Promise<void> {
    sent.push(`logged ${to}`);
  }
}

const envelope = (effect: string, ...args: unknown[]) => ({
  v: 1,
  id: 'a:1',
  effect,
  args,
  at: '2026-01-01T00:00:00Z',
});

async function boot(...providers: Provider[]): Promise<TestingModule & { worker: EffectWorker }> {
  @Module({ providers })
  class Feature {}
  const app = await Test.createTestingModule({ imports: [AirlockModule.forRoot(), Feature] }).compile();
  app.useLogger(false);
  await app.init();
  return Object.assign(app, { worker: app.get(EffectWorker) });
}

describe('when a worker runs an effect by its name', () => {
  it('runs the method itself, and lets out what that enqueued when it succeeds', async () => {
    const { worker } = await boot(Mail);
    await worker.run(envelope('Mail.send', 'ann'));
    expect(sent).toEqual(['mail to ann', 'logged ann']);
    await worker.run(envelope('mail.log', 'bob'));
    expect(sent).toEqual(['mail to ann', 'logged ann', 'logged bob']);
  });

  it('drops what it enqueued when it fails, and passes its error on', async () => {
    const { worker } = await boot(Mail);
    expect(await errorOf(() => worker.run(envelope('Mail.send', 'nobody')))).toEqual(new Error('no such box'));
    expect(sent).toEqual(['mail to nobody']);
  });

  it('makes a request-scoped provider anew for each run', async () => {
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class PerRun {
      readonly number = ++made;
      @SideEffect()
      async tell(): Promise<void> {
        sent.push(`run ${this.number}`);
      }
    }
    const { worker } = await boot(PerRun);
    await worker.run(envelope('PerRun.tell'));
    await worker.run(envelope('PerRun.tell'));
    expect(sent).toEqual(['run 1', 'run 2']);
  });

  it('finds an inherited one under the name of the class that inherits it', async () => {
    @Injectable()
    class LoudMail extends Mail {
      @SideEffect({ name: 'loud.log' })
      override async log(to: string): Promise<void> {
        sent.push(`LOGGED ${to}`);
      }
    }
    const { worker } = await boot(Mail, LoudMail);
    expect(worker.names).toEqual(expect.arrayContaining(['Mail.send', 'mail.log', 'LoudMail.send', 'loud.log']));
    await worker.run(envelope('LoudMail.send', 'ann'));
    expect(sent).toEqual(['mail to ann', 'LOGGED ann']);
  });

  it.each<[string, unknown, string]>([
    ['an unknown name', envelope('Mail.burn'), 'No effect is named "Mail.burn" here. Known effects: '],
    ['another version', { ...envelope('Mail.send'), v: 2 }, 'its version is 2, and 1 is known'],
    ['no object', 'Mail.send', 'it is no object'],
    ['no arguments', { ...envelope('Mail.send'), args: 'ann' }, 'its `args` is no list'],
    ['no id', { ...envelope('Mail.send'), id: undefined }, 'its `id` is no text'],
  ])('refuses %s', async (_, data, message) => {
    const { worker } = await boot(Mail);
    const error = await errorOf(() => worker.run(data));
    expect(error).toBeInstanceOf(UnknownEffectError);
    expect(error.message).toContain(message);
    expect(sent).toEqual([]);
  });
});

describe('when two effects carry one name', () => {
  it('refuses to boot and names both classes', async () => {
    @Injectable()
    class Other {
      @SideEffect({ name: 'mail.log' })
      async log(): Promise<void> {}
    }
    const error = await errorOf(() => boot(Mail, Other));
    expect(error).toBeInstanceOf(AirlockOptionsError);
    expect(error.message).toContain('Two effects are named "mail.log": one of `Mail`, one of `Other`.');
  });

  it('takes one class that several modules provide for one', async () => {
    const { worker } = await boot(Mail, { provide: 'mail', useExisting: Mail }, { provide: 'again', useClass: Mail });
    expect(worker.names).toEqual(['Mail.send', 'mail.log']);
  });
});

describe('when an effect asks who it is', () => {
  it('is told the id of its call, in this process, also in scopes it opens and after an await', async () => {
    const seen: unknown[] = [];
    const look = (): unknown => seen.push(currentEffect());
    await runInScope({ name: 'request' }, (scope) => {
      enqueue(async function outer() {
        look();
        await runInScope(async () => look());
        enqueue(function inner() {
          look();
        });
      });
      look();
      seen.push(scope.intents[0]!.id);
    });
    const outer = { id: seen[1], name: 'outer', origin: 'request' };
    expect(seen).toEqual([undefined, expect.any(String), outer, outer, expect.objectContaining({ name: 'inner' })]);
    expect(currentEffect()).toBeUndefined();
  });

  it('is told the same by a worker', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Curious {
      @SideEffect()
      async look(): Promise<void> {
        seen.push(currentEffect());
      }
    }
    const { worker } = await boot(Curious);
    await worker.run({ ...envelope('Curious.look'), origin: 'request' });
    expect(seen).toEqual([{ id: 'a:1', name: 'Curious.look', origin: 'request' }]);
  });
});
