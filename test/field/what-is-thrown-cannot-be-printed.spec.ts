import { Controller, Get, Inject, Injectable } from '@nestjs/common';
import {
  type DispatchError,
  EffectBuffer,
  enqueue,
  type Executor,
  type Intent,
  openScope,
  type Policy,
  runInScope,
  SideEffect,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { errorOf } from '../unit/core/fixtures.js';
import { checkAfterEach, Effects, listen, platforms, type Running } from '../e2e/http/fixtures.js';
import { oddities } from '../unit/errors/oddities.js';

/** What is thrown by whatever throws here. */
let odd: unknown;

function throwIt(): never {
  throw odd;
}
function throwLater(): Promise<never> {
  return Promise.resolve().then(throwIt);
}

const places = { hook: false, handler: false };

const forbids: Record<string, Policy> = {
  policy: { allows: ({ name }) => name !== 'odd' || throwIt() },
  'async-policy': { allows: async ({ name }) => name !== 'odd' || throwLater() },
};
const executor: Executor = { execute: throwIt };
const batch: Executor = { execute: throwIt, executeBatch: throwLater };
const each: Executor = {
  execute: throwIt,
  executeBatch: async (intents: readonly Intent[]) =>
    Promise.resolve(intents.map((intent) => ({ intent, error: odd ?? 'none' }))),
};

@Injectable()
class Keyed {
  @SideEffect({ dedupeKey: throwIt })
  async send(): Promise<void> {}
}

@Controller()
class OddController {
  constructor(
    @Inject(EffectBuffer) private readonly buffer: EffectBuffer,
    private readonly effects: Effects,
    private readonly keyed: Keyed,
  ) {}

  private between(call: () => void): string {
    this.effects.one('before');
    call();
    this.effects.one('after');
    return 'done';
  }

  @Get('effect')
  effect() {
    return this.between(() => this.buffer.enqueue(throwIt));
  }
  @Get('async-effect')
  asyncEffect() {
    return this.between(() => this.buffer.enqueue(throwLater));
  }
  @Get('effect-of-a-failure')
  failing() {
    this.buffer.enqueueWith({ on: 'failure' }, throwIt);
    throw new Error('my own');
  }
  @Get('policy')
  @UseAirlockPolicy(forbids['policy']!)
  policy() {
    return this.between(() => this.buffer.enqueueWith({ name: 'odd' }, () => {}));
  }
  @Get('async-policy')
  @UseAirlockPolicy(forbids['async-policy']!)
  asyncPolicy() {
    return this.between(() => this.buffer.enqueueWith({ name: 'odd' }, () => {}));
  }
  @Get('async-on-enqueue')
  asyncOnEnqueue() {
    return this.between(() =>
      this.buffer.enqueueWith(
        { policy: { onEnqueue: (): void => throwLater() as never } },
        () => {},
      ),
    );
  }
  @Get('executor')
  executor() {
    return this.between(() => this.buffer.enqueueWith({ executor: 'odd' }, () => {}));
  }
  @Get('batch')
  batch() {
    return this.between(() => this.buffer.enqueueWith({ executor: 'batch' }, () => {}));
  }
  @Get('one-of-a-batch')
  oneOfABatch() {
    return this.between(() => this.buffer.enqueueWith({ executor: 'each' }, () => {}));
  }
  @Get('on-enqueue')
  onEnqueue() {
    return this.between(() => {
      const caught = caughtFrom(() =>
        this.buffer.enqueueWith({ policy: { onEnqueue: throwIt } }, () => {}),
      );
      if (caught !== odd) throw new Error('another error was caught');
    });
  }
  @Get('dedupe-key')
  async dedupeKey() {
    let caught: unknown = 'nothing';
    await this.keyed.send().then(undefined, (error: unknown) => void (caught = error));
    if (caught !== odd) throw new Error('another error was caught');
    return this.between(() => {});
  }
  @Get('nothing')
  nothing() {
    return this.between(() => {});
  }
}

function caughtFrom(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return 'nothing';
}

/** Where the error is not the caller's to see: the answer is a success and the error is logged. */
const unseen = [
  'effect',
  'async-effect',
  'policy',
  'async-policy',
  'executor',
  'batch',
  'one-of-a-batch',
];

describe.each(platforms)(
  'when something throws what cannot be printed, on %s',
  (_name, platform) => {
    checkAfterEach();
    let server: Running;

    beforeEach(async () => {
      Object.assign(places, { hook: false, handler: false });
      server = await listen(
        platform,
        { controllers: [OddController], providers: [Keyed] },
        {
          executors: { odd: executor, batch, each },
          onDispatchError: (error) => {
            if (places.handler) throwIt();
            server.app.get(Effects).outbox.sent.push(`${error.failures.length} failed`);
          },
          boundaries: {
            http: { shouldFlush: (outcome) => (places.hook ? throwIt() : outcome === 'completed') },
          },
        },
      );
    });

    /** One application for all of them: to boot one takes as long as these requests. */
    const withEachForm = async (work: (form: string) => Promise<void>): Promise<void> => {
      for (const [form, make] of Object.entries(oddities)) {
        odd = make();
        server.sent.length = 0;
        server.log.lines.length = 0;
        await work(form);
      }
    };

    it('answers as if nothing had happened, and lets the others out', async () => {
      const { sent } = server;
      await withEachForm(async (form) => {
        const expectOut = async (path: string, out: readonly string[]): Promise<void> => {
          sent.length = 0;
          const { status, body } = await server.request(`/${path}`);
          expect({ form, path, status, body, sent }).toEqual({
            form,
            path,
            status: 200,
            body: 'done',
            sent: out,
          });
        };
        for (const path of unseen) await expectOut(path, ['before', 'after', '1 failed']);
        for (const path of ['on-enqueue', 'dedupe-key', 'async-on-enqueue'])
          await expectOut(path, ['before', 'after']);
        const { status } = await server.request('/effect-of-a-failure');
        expect({ form, status }).toEqual({ form, status: 500 });
      });
    });

    it('answers as if nothing had happened where a hook of the application throws it', async () => {
      await withEachForm(async (form) => {
        const errorsAfter = async (path: string) => {
          const { status } = await server.request(`/${path}`);
          return { form, path, status, errors: server.log.airlock('error').length };
        };
        Object.assign(places, { hook: false, handler: true });
        for (const [i, path] of unseen.entries())
          expect(await errorsAfter(path)).toEqual({ form, path, status: 200, errors: 2 * (i + 1) });
        places.hook = true;
        server.sent.length = 0;
        const path = 'nothing';
        const errors = 2 * unseen.length + 1;
        expect(await errorsAfter(path)).toEqual({ form, path, status: 200, errors });
        expect([form, server.sent]).toEqual([form, []]);
      });
    });

    it('answers as if nothing had happened where the logger throws it', async () => {
      const told = jest.spyOn(console, 'error').mockImplementation(() => {});
      try {
        places.handler = true;
        Object.assign(server.log, { error: throwIt, warn: throwIt });
        await withEachForm(async (form) => {
          told.mockClear();
          for (const path of unseen) {
            const { status } = await server.request(`/${path}`);
            expect({ form, path, status }).toEqual({ form, path, status: 200 });
          }
          expect([form, told.mock.calls.length]).toEqual([form, 2 * unseen.length]);
        });
      } finally {
        told.mockRestore();
        Object.assign(server.log, { error: () => {}, warn: () => {} });
      }
    });
  },
);

describe.each(Object.entries(oddities))(
  'when %s is thrown where no application is',
  (_name, make) => {
    beforeEach(() => {
      odd = make();
    });

    it('rejects with a DispatchError that says so, or logs it', async () => {
      const told = jest.spyOn(console, 'error').mockImplementation(() => {});
      try {
        const out: string[] = [];
        const work = (): void => {
          for (const effect of [throwIt, throwLater, () => void out.push('out')]) enqueue(effect);
        };
        const error = await errorOf<DispatchError>(() => runInScope(work));
        expect(error.code).toBe('AIRLOCK_DISPATCH');
        // Looked at by nothing but `===`, for Jest cannot print it either.
        expect(error.failures.map((failure) => failure.error === odd)).toEqual([true, true]);
        await runInScope({ onDispatchError: 'report' }, work);
        expect(out).toEqual(['out', 'out']);
        expect(told).toHaveBeenCalled();
      } finally {
        told.mockRestore();
      }
    });

    it('is what its own caller gets', async () => {
      let caught: unknown = 'nothing';
      await runInScope(throwIt).then(undefined, (error: unknown) => void (caught = error));
      expect(caught === odd).toBe(true);
      caught = 'nothing';
      const scope = openScope({ shouldFlush: throwIt });
      await scope.end('completed').then(undefined, (error: unknown) => void (caught = error));
      expect(caught === odd).toBe(true);
    });
  },
);
