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

    it.each(Object.entries(oddities))(
      'answers as if nothing had happened, and lets the others out: %s',
      async (_form, make) => {
        const { sent } = server;
        odd = make();
        for (const path of unseen) {
          sent.length = 0;
          expect([path, await server.request(`/${path}`)]).toMatchObject([
            path,
            { status: 200, body: 'done' },
          ]);
          expect([path, sent]).toEqual([path, ['before', 'after', '1 failed']]);
        }
        for (const path of ['on-enqueue', 'dedupe-key', 'async-on-enqueue']) {
          sent.length = 0;
          expect([path, await server.request(`/${path}`)]).toMatchObject([
            path,
            { status: 200, body: 'done' },
          ]);
          expect([path, sent]).toEqual([path, ['before', 'after']]);
        }
        expect((await server.request('/effect-of-a-failure')).status).toBe(500);
      },
    );

    it.each(Object.entries(oddities))(
      'answers as if nothing had happened where a hook of the application throws %s',
      async (_form, make) => {
        odd = make();
        places.handler = true;
        for (const path of unseen)
          expect([path, await server.request(`/${path}`)]).toMatchObject([path, { status: 200 }]);
        expect(server.log.airlock('error')).toHaveLength(2 * unseen.length);
        places.hook = true;
        server.sent.length = 0;
        expect(await server.request('/nothing')).toMatchObject({ status: 200, body: 'done' });
        expect(server.sent).toEqual([]);
        expect(server.log.airlock('error')).toHaveLength(2 * unseen.length + 1);
      },
    );

    it.each(Object.entries(oddities))(
      'answers as if nothing had happened where the logger throws %s',
      async (_form, make) => {
        const told = jest.spyOn(console, 'error').mockImplementation(() => {});
        try {
          odd = make();
          places.handler = true;
          Object.assign(server.log, { error: throwIt, warn: throwIt });
          for (const path of unseen)
            expect([path, await server.request(`/${path}`)]).toMatchObject([path, { status: 200 }]);
          expect(told).toHaveBeenCalledTimes(2 * unseen.length);
        } finally {
          told.mockRestore();
          Object.assign(server.log, { error: () => {}, warn: () => {} });
        }
      },
    );
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
