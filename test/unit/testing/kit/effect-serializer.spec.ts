import { BlockTasks, enqueue, enqueueWith, withPolicy } from 'nestjs-airlock';
import {
  AirlockTestingModule,
  captureEffects,
  effectSerializer,
  recorderOf,
} from 'nestjs-airlock/testing';
import { inspect } from 'node:util';
import { booted, checkAfterEach, MailService, Outbox, post, shop } from '../fixtures.js';

checkAfterEach();

expect.addSnapshotSerializer(
  effectSerializer({
    redact: ['password', 'args[0].card.number', { effect: charge, path: 'args[1]' }],
  }),
);

const mail = new MailService(new Outbox());

function signUp(_user: object, _referrer?: string): void {}
function charge(_user: object, _token: string): void {}

describe('when a capture is written to a snapshot', () => {
  it('reads as what was called and what became of it', async () => {
    const captured = await captureEffects(async () => {
      await mail.sendReceipt(7, { copy: true });
      await mail.apologise(7);
      withPolicy(new BlockTasks(['signUp']), () => enqueue(signUp, { name: 'Ada' }));
      return { status: 201 };
    });
    expect(captured).toMatchInlineSnapshot(`
     result: {
       "status": 201,
     }
     effects:
       #1 MailService.sendReceipt(7, { copy: true })
       #2 MailService.apologise(7) (on: failure)
       #3 signUp({ name: 'Ada' })
     dispatched:
       #1
     dropped:
       #2 outcome
       #3 policy (BlockTasks)
     failed: none
    `);
  });

  it('shows an error and what failed', async () => {
    const policy = {
      allows: () => {
        throw new Error('no database');
      },
    };
    const captured = await captureEffects(async () => {
      enqueueWith({ on: 'always', policy }, signUp, {});
      await Promise.reject(new Error('out of stock'));
    });
    expect(captured).toMatchInlineSnapshot(`
     error: Error: out of stock
     effects:
       #1 signUp({}) (on: always)
     dispatched: none
     dropped: none
     failed:
       #1 Error: no database
    `);
  });

  it('numbers intents anew in each snapshot, and one and the same alike', async () => {
    const { effects, dispatched } = await captureEffects(async () => {
      await mail.sendReceipt(7);
      await mail.sendReceipt(8);
    });
    expect({ last: effects[1], all: dispatched }).toMatchInlineSnapshot(`
     {
       "all": [
         #1 MailService.sendReceipt(7),
         #2 MailService.sendReceipt(8),
       ],
       "last": #2 MailService.sendReceipt(8),
     }
    `);
    expect(effects[1]).toMatchInlineSnapshot(`#1 MailService.sendReceipt(8)`);
  });
});

describe('when a recorder is shared by several tests', () => {
  it('numbers intents anew after each clear', async () => {
    const app = await booted(shop(AirlockTestingModule.forRoot({ mode: 'capture' })));
    const recorder = recorderOf(app);
    await post(app, '/orders/7');
    expect(recorder).toMatchInlineSnapshot(`
     effects:
       #1 MailService.sendReceipt(7)
       #2 notifyWarehouse(Outbox { sent: [] }, 7)
     dispatched:
       #1
       #2
     dropped: none
     failed: none
    `);
    recorder.clear();
    await post(app, '/orders/8');
    expect(recorder).toMatchInlineSnapshot(`
     effects:
       #1 MailService.sendReceipt(8)
       #2 notifyWarehouse(Outbox { sent: [] }, 8)
     dispatched:
       #1
       #2
     dropped: none
     failed: none
    `);
  });
});

describe('when something is not to be shown', () => {
  it('redacts it by name, by path, and of one effect alone', async () => {
    const { effects } = await captureEffects(() => {
      const user = { name: 'Ada', password: 'secret', card: { number: '4111', expires: '12/29' } };
      enqueue(signUp, { ...user, friends: [{ password: 'secret too' }] }, 'shown');
      enqueue(charge, user, 'secret token');
    });
    expect(effects).toMatchInlineSnapshot(`
     [
       #1 signUp({ name: 'Ada', password: [redacted], card: { number: [redacted], expires: '12/29' }, friends: [{ password: [redacted] }] }, 'shown'),
       #2 charge({ name: 'Ada', password: [redacted], card: { number: [redacted], expires: '12/29' } }, [redacted]),
     ]
    `);
  });

  it('redacts it in objects of classes too', async () => {
    class User {
      readonly since = new Date(0);
      constructor(
        readonly name: string,
        readonly password: string,
      ) {}
    }
    const { effects } = await captureEffects(() =>
      enqueue(signUp, { user: new User('Ada', 'secret') }),
    );
    expect(effects[0]).toMatchInlineSnapshot(
      `#1 signUp({ user: User { name: 'Ada', password: [redacted], since: 1970-01-01T00:00:00.000Z } })`,
    );
  });

  it('leaves the arguments themselves alone', async () => {
    const user = { password: 'secret' };
    const { effects } = await captureEffects(() => enqueue(signUp, user));
    expect(effects[0]).toMatchInlineSnapshot(`#1 signUp({ password: [redacted] })`);
    expect(effects[0]!.args[0]).toEqual({ password: 'secret' });
    expect(user).toEqual({ password: 'secret' });
  });

  it('copes with arguments that contain themselves', async () => {
    const loop: Record<string, unknown> = { password: 'secret' };
    loop.self = loop;
    const { effects } = await captureEffects(() => enqueue(signUp, loop));
    expect(effects[0]).toMatchInlineSnapshot(
      `#1 signUp({ password: [redacted], self: [Circular] })`,
    );
  });

  it('redacts it in maps, sets and headers', async () => {
    class Inbox {
      readonly users = new Set([{ password: 'secret' }]);
    }
    const { effects } = await captureEffects(() => {
      enqueue(signUp, new Map([['password', 'secret']]));
      enqueue(signUp, new Map([[1, [{ password: 'secret' }]]]));
      enqueue(signUp, new Inbox());
      enqueue(signUp, { headers: new Headers({ accept: 'text/plain', password: 'secret' }) });
      enqueue(signUp, new URLSearchParams({ password: 'secret' }));
    });
    expect(effects).toMatchInlineSnapshot(`
     [
       #1 signUp(Map(1) { 'password' => [redacted] }),
       #2 signUp(Map(1) { 1 => [ { password: [redacted] } ] }),
       #3 signUp(Inbox { users: Set(1) { { password: [redacted] } } }),
       #4 signUp({ headers: Map(2) { 'accept' => 'text/plain', 'password' => [redacted] } }),
       #5 signUp(Map(1) { 'password' => [redacted] }),
     ]
    `);
  });

  it('redacts it in errors, which keep their message', async () => {
    class Refused extends Error {
      override readonly name = 'Refused';
      constructor(readonly password: string) {
        super('wrong password', { cause: { password } });
      }
    }
    class Report {
      constructor(readonly error: Error) {}
    }
    const { effects } = await captureEffects(() => {
      enqueue(signUp, new Refused('secret'));
      enqueue(signUp, new Report(new Refused('secret')));
      enqueue(signUp, new Report(new Error('no database', { cause: { password: 'secret' } })));
    });
    expect(effects).toMatchInlineSnapshot(`
     [
       #1 signUp(Refused: wrong password),
       #2 signUp(Report { error: { [Refused: wrong password] password: [redacted], cause: { password: [redacted] } } }),
       #3 signUp(Report { error: { [Error: no database] cause: { password: [redacted] } } }),
     ]
    `);
  });

  it('redacts it in what the block has returned', async () => {
    const captured = await captureEffects(() => ({
      user: { name: 'Ada', password: 'secret' },
      at: new Date(0),
    }));
    expect(captured).toMatchInlineSnapshot(`
     result: {
       "at": 1970-01-01T00:00:00.000Z,
       "user": {
         "name": "Ada",
         "password": [redacted],
       },
     }
     effects: none
     dispatched: none
     dropped: none
     failed: none
    `);
  });

  it('leaves values alone in which nothing is redacted', async () => {
    class Price {
      readonly #cents = 1250;
      readonly currency = 'EUR';
      [inspect.custom](): string {
        return `Price ${this.#cents / 100}`;
      }
    }
    class Login {
      readonly #attempts = 3;
      constructor(readonly password: string) {}
      [inspect.custom](): string {
        return `Login ${this.password} ${this.#attempts}`;
      }
    }
    const { effects } = await captureEffects(() =>
      enqueue(signUp, { price: new Price(), login: new Login('secret') }),
    );
    expect(effects[0]).toMatchInlineSnapshot(
      `#1 signUp({ price: Price 12.5, login: Login { password: [redacted] } })`,
    );
  });
});

describe('when it is misspelt what is to be redacted', () => {
  it.each<[string, object, string]>([
    [
      'an unknown key',
      { redacted: ['password'] },
      'Unknown option `redacted`. Known options: redact.',
    ],
    [
      'a lone name',
      { redact: 'password' },
      'Expected `redact` to be an array of property names, paths',
    ],
    [
      'a path that is missing',
      { redact: [{ effect: 'ship' }] },
      'Expected `redact` to be an array',
    ],
    [
      'an effect that is missing',
      { redact: [{ path: 'args[0]' }] },
      'Expected `effect` to be a method',
    ],
  ])('refuses %s', (_, options, message) => {
    expect(() => effectSerializer(options)).toThrow(message);
  });
});

describe('when a test runner asks for a text without indentation, to compare it', () => {
  it('gives none of its own either', async () => {
    const captured = await captureEffects(() => mail.sendReceipt(7));
    const textAt = (indent: string): string =>
      effectSerializer().serialize(captured, { indent }, '', 0, [], (value) => String(value));
    expect(textAt('  ')).toContain('\n  #1 MailService.sendReceipt(7)\n');
    expect(textAt('').split('\n')).toEqual(
      textAt('  ')
        .split('\n')
        .map((line) => line.trimStart()),
    );
  });
});
