// oxlint-disable typescript/unbound-method -- an effect is named by its method.
import { mock } from 'node:test';
import {
  AirlockService,
  BlockTasks,
  enqueue,
  enqueueWith,
  openFrame,
  runInScope,
  withPolicy,
} from 'nestjs-airlock';
import {
  airlockMatchers,
  AirlockTestingModule,
  captureEffects,
  recorderOf,
} from 'nestjs-airlock/testing';
import {
  booted,
  checkAfterEach,
  MailService,
  notifyWarehouse,
  Outbox,
  shop,
  textOf,
} from '../fixtures.js';

checkAfterEach();

const outbox = new Outbox();
const mail = new MailService(outbox);
const order = { id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' };

function ship(_order: typeof order): void {}

describe('when the block has thrown', () => {
  it('says so before all else: it is most likely why something is missing', async () => {
    const nothing = await captureEffects(() => Promise.reject(new Error('database is down')));
    expect(textOf(() => expect(nothing).toHaveDispatched(mail.sendReceipt, 7)))
      .toMatchInlineSnapshot(`
     "Expected sendReceipt(7) to be dispatched, but it was not enqueued.

     The block threw Error: database is down.
     Nothing was enqueued."
    `);
    const some = await captureEffects(async () => {
      await mail.sendReceipt(7);
      throw new Error('database is down');
    });
    expect(textOf(() => expect(some).toHaveDispatched(mail.sendReceipt, 7))).toMatchInlineSnapshot(`
     "Expected MailService.sendReceipt(7) to be dispatched, but it was dropped: outcome.

     The block threw Error: database is down.
     Enqueued:
     → 1. MailService.sendReceipt(7) — dropped: outcome"
    `);
  });
});

describe('when a test has put a mock in the place of an effect', () => {
  const HINT =
    'It is a mock. A call that code makes of a mock itself is no effect: ' +
    'expect it of the mock, by `toHaveBeenCalledWith` for example.';

  it('says where to expect its calls', async () => {
    const mailer = new MailService(outbox);
    mock.method(mailer, 'sendReceipt', async () => {});
    const captured = await captureEffects(async () => {
      await mailer.sendReceipt(7);
      enqueue(ship, order);
    });
    for (const expected of [
      () => expect(captured).toHaveEnqueued(mailer.sendReceipt, 7),
      () => expect(captured).toHaveDispatched(mailer.sendReceipt, 7),
      () => expect(captured).toHaveDropped(mailer.sendReceipt),
      () => expect(captured).toHaveEnqueuedTimes(mailer.sendReceipt, 1),
    ])
      expect(textOf(expected).split('\n').at(-1)).toBe(HINT);
  });

  it('matches one that is called through a buffer, and shows the nearest call', async () => {
    const add = mock.fn();
    const captured = await captureEffects(() => enqueue(add, 7));
    expect(captured).toHaveEnqueued(add, 7);
    expect(textOf(() => expect(captured).toHaveEnqueued(add, 8))).toContain('Nearest is 1:');
  });
});

describe('when toHaveEnqueued fails', () => {
  it('shows how the nearest call differs', async () => {
    const captured = await captureEffects(async () => {
      enqueue(ship, { ...order, lines: [{ sku: 'B', count: 2 }] });
      enqueue(ship, order);
      await mail.sendReceipt(7);
    });
    expect(
      textOf(() =>
        expect(captured).toHaveEnqueued(ship, {
          ...order,
          to: expect.any(Number),
        }),
      ),
    ).toMatchInlineSnapshot(`
     "Expected ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: Any(Number) }) to be enqueued, but only with other arguments.

     Enqueued:
       1. ship({ id: 7, lines: [{ sku: 'B', count: 2 }], to: 'ada@example.org' }) — dispatched
       2. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dispatched
       3. MailService.sendReceipt(7) — dispatched

     Nearest is 2:

     - Expected
     + Received

     @@ -5,8 +5,8 @@
             {
               "count": 1,
               "sku": "A",
             },
           ],
     -     "to": Any<Number>,
     +     "to": "ada@example.org",
         },
       ]"
    `);
  });

  it('shows arguments that are missing or too many', async () => {
    const captured = await captureEffects(() => mail.sendReceipt(7, { copy: true }));
    expect(textOf(() => expect(captured).toHaveEnqueued(mail.sendReceipt, 7)))
      .toMatchInlineSnapshot(`
     "Expected MailService.sendReceipt(7) to be enqueued, but only with other arguments.

     Enqueued:
       1. MailService.sendReceipt(7, { copy: true }) — dispatched

     Nearest is 1:

     - Expected
     + Received

       [
         7,
     +   {
     +     "copy": true,
     +   },
       ]"
    `);
    const other = await captureEffects(() => mail.sendReceipt(7));
    expect(textOf(() => expect(other).toHaveEnqueued(mail.sendReceipt, 7, { copy: true })))
      .toMatchInlineSnapshot(`
     "Expected MailService.sendReceipt(7, { copy: true }) to be enqueued, but only with other arguments.

     Enqueued:
       1. MailService.sendReceipt(7) — dispatched

     Nearest is 1:

     - Expected
     + Received

       [
         7,
     -   {
     -     "copy": true,
     -   },
       ]"
    `);
  });

  it('copes with arguments that contain themselves', async () => {
    interface Basket {
      readonly lines: { readonly sku: string; readonly basket: Basket }[];
    }
    const basket = (sku: string): Basket => {
      const all: Basket = { lines: [] };
      all.lines.push({ sku, basket: all });
      return all;
    };
    const pack = (_basket: Basket, _note?: string): void => {};
    const captured = await captureEffects(() => enqueue(pack, basket('A'), undefined));
    expect(captured).toHaveEnqueued(pack, basket('A'));
    expect(textOf(() => expect(captured).toHaveEnqueued(pack, basket('B')))).toMatchInlineSnapshot(`
     "Expected pack({ lines: [{ sku: 'B', basket: [Circular] }] }) to be enqueued, but only with other arguments.

     Enqueued:
       1. pack({ lines: [{ sku: 'A', basket: [Circular] }] }, undefined) — dispatched

     Nearest is 1:

     - Expected
     + Received

       [
         {
           "lines": [
             {
               "basket": [Circular],
     -         "sku": "B",
     +         "sku": "A",
             },
           ],
         },
       ]"
    `);
  });

  it('names the effect with the nearest name', async () => {
    const captured = await captureEffects(async () => {
      enqueueWith({ name: 'ping' }, () => {});
      await mail.sendReceipt(7);
    });
    expect(textOf(() => expect(captured).toHaveEnqueued('MailService.sendReciept', 7)))
      .toMatchInlineSnapshot(`
     "Expected MailService.sendReciept(7) to be enqueued, but it was not.

     Enqueued:
       1. ping() — dispatched
       2. MailService.sendReceipt(7) — dispatched

     Nearest is 2:
       the effect is MailService.sendReceipt, not MailService.sendReciept"
    `);
  });

  it('says that a function only has the same name', async () => {
    const captured = await captureEffects(() => mail.sendReceipt(7));
    const double = { sendReceipt: () => {} };
    expect(textOf(() => expect(captured).toHaveEnqueued(double.sendReceipt)))
      .toMatchInlineSnapshot(`
     "Expected sendReceipt to be enqueued, but it was not.

     Enqueued:
       1. MailService.sendReceipt(7) — dispatched

     Nearest is 1:
       its name is the same, but it is another function or method"
    `);
  });

  it('says that there was nothing', async () => {
    const captured = await captureEffects(() => {});
    expect(textOf(() => expect(captured).toHaveEnqueued(mail.sendReceipt, 7)))
      .toMatchInlineSnapshot(`
     "Expected sendReceipt(7) to be enqueued, but it was not.

     Nothing was enqueued."
    `);
  });

  it('knows no fates in a scope', async () => {
    await runInScope((scope) => {
      enqueueWith({ on: 'failure' }, ship, order);
      expect(textOf(() => expect(scope).toHaveEnqueued('mail'))).toMatchInlineSnapshot(`
       "Expected mail to be enqueued, but it was not.

       Enqueued:
         1. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' })

       Nearest is 1:
         the effect is ship, not mail"
      `);
    });
  });

  it('marks what was not expected', async () => {
    const captured = await captureEffects(async () => {
      enqueue(ship, order);
      await mail.sendReceipt(7);
    });
    expect(textOf(() => expect(captured).not.toHaveEnqueued(mail.sendReceipt, 7)))
      .toMatchInlineSnapshot(`
     "Expected MailService.sendReceipt(7) not to be enqueued, but it was.

     Enqueued:
       1. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dispatched
     → 2. MailService.sendReceipt(7) — dispatched"
    `);
  });

  it('shows in which properties objects of a class differ', async () => {
    class Order {
      constructor(
        readonly id: number,
        readonly at: Date,
      ) {}
    }
    const take = (_order: Order): void => {};
    const captured = await captureEffects(() => enqueue(take, new Order(7, new Date(0))));
    expect(textOf(() => expect(captured).toHaveEnqueued(take, new Order(7, new Date(1)))))
      .toMatchInlineSnapshot(`
     "Expected take(Order { id: 7, at: 1970-01-01T00:00:00.001Z }) to be enqueued, but only with other arguments.

     Enqueued:
       1. take(Order { id: 7, at: 1970-01-01T00:00:00.000Z }) — dispatched

     Nearest is 1:

     - Expected
     + Received

       [
         Order {
     -     "at": 1970-01-01T00:00:00.001Z,
     +     "at": 1970-01-01T00:00:00.000Z,
           "id": 7,
         },
       ]"
    `);
    expect(textOf(() => expect(captured).toHaveEnqueued(take, { id: 8, at: expect.any(Date) })))
      .toMatchInlineSnapshot(`
     "Expected take({ id: 8, at: Any(Date) }) to be enqueued, but only with other arguments.

     Enqueued:
       1. take(Order { id: 7, at: 1970-01-01T00:00:00.000Z }) — dispatched

     Nearest is 1:

     - Expected
     + Received

       [
         Order {
           "at": 1970-01-01T00:00:00.000Z,
     -     "id": 8,
     +     "id": 7,
         },
       ]"
    `);
  });

  it('shortens what is long', async () => {
    const captured = await captureEffects(() => {
      enqueueWith({ name: 'text' }, (letters: string) => letters, 'x'.repeat(1000));
      for (let i = 0; i < 60; i++) enqueueWith({ name: 'ping' }, () => {});
    });
    const lines = textOf(() => expect(captured).toHaveEnqueued('pong')).split('\n');
    expect(lines[3]).toBe(`  1. text('${'x'.repeat(294)}… — dispatched`);
    expect(lines.slice(-5)).toEqual([
      '  50. ping() — dispatched',
      '  … and 11 more',
      '',
      'Nearest is 2:',
      '  the effect is ping, not pong',
    ]);
  });
});

describe('when a test runner has no diff of its own', () => {
  it('shows both lists of arguments', async () => {
    const captured = await captureEffects(() => mail.sendReceipt(7, { copy: true }));
    const { toHaveEnqueued } = airlockMatchers;
    const { message } = toHaveEnqueued.call({ equals: Object.is }, captured, mail.sendReceipt, 7);
    expect(message()).toMatchInlineSnapshot(`
     "Expected MailService.sendReceipt(7) to be enqueued, but only with other arguments.

     Enqueued:
       1. MailService.sendReceipt(7, { copy: true }) — dispatched

     Nearest is 1:

     - (7)
     + (7, { copy: true })"
    `);
  });
});

describe('when toHaveEnqueuedTimes fails', () => {
  it('says how often it was', async () => {
    const captured = await captureEffects(async () => {
      await mail.sendReceipt(7);
      await mail.sendReceipt(8);
      enqueue(ship, order);
    });
    expect(textOf(() => expect(captured).toHaveEnqueuedTimes(mail.sendReceipt, 1)))
      .toMatchInlineSnapshot(`
     "Expected MailService.sendReceipt to be enqueued once, but it was enqueued twice.

     Enqueued:
     → 1. MailService.sendReceipt(7) — dispatched
     → 2. MailService.sendReceipt(8) — dispatched
       3. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dispatched"
    `);
    expect(textOf(() => expect(captured).toHaveEnqueuedTimes(notifyWarehouse, 3)))
      .toMatchInlineSnapshot(`
     "Expected notifyWarehouse to be enqueued 3 times, but it never was.

     Enqueued:
       1. MailService.sendReceipt(7) — dispatched
       2. MailService.sendReceipt(8) — dispatched
       3. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dispatched

     Nearest is 1:
       the effect is MailService.sendReceipt, not notifyWarehouse"
    `);
    expect(textOf(() => expect(captured).not.toHaveEnqueuedTimes(ship, 1))).toMatchInlineSnapshot(`
     "Expected ship not to be enqueued once, but it was.

     Enqueued:
       1. MailService.sendReceipt(7) — dispatched
       2. MailService.sendReceipt(8) — dispatched
     → 3. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dispatched"
    `);
  });
});

describe('when toHaveDispatched fails', () => {
  it('says what became of it instead', async () => {
    const captured = await captureEffects(async () => {
      await mail.apologise(7);
      withPolicy(new BlockTasks(['ship']), () => enqueue(ship, order));
    });
    expect(textOf(() => expect(captured).toHaveDispatched(mail.apologise, 7)))
      .toMatchInlineSnapshot(`
     "Expected MailService.apologise(7) to be dispatched, but it was dropped: outcome.

     Enqueued:
     → 1. MailService.apologise(7) — dropped: outcome
       2. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dropped: policy (BlockTasks)"
    `);
    expect(textOf(() => expect(captured).toHaveDispatched(ship))).toMatchInlineSnapshot(`
     "Expected ship to be dispatched, but it was dropped: policy (BlockTasks).

     Enqueued:
       1. MailService.apologise(7) — dropped: outcome
     → 2. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dropped: policy (BlockTasks)"
    `);
    expect(textOf(() => expect(captured).toHaveDispatched(mail.apologise, 8)))
      .toMatchInlineSnapshot(`
     "Expected MailService.apologise(8) to be dispatched, but it was enqueued with other arguments.

     Enqueued:
       1. MailService.apologise(7) — dropped: outcome
       2. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dropped: policy (BlockTasks)

     Nearest is 1:

     - Expected
     + Received

       [
     -   8,
     +   7,
       ]"
    `);
    expect(textOf(() => expect(captured).toHaveDispatched(mail.sendReceipt)))
      .toMatchInlineSnapshot(`
     "Expected sendReceipt to be dispatched, but it was not enqueued.

     Enqueued:
       1. MailService.apologise(7) — dropped: outcome
       2. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dropped: policy (BlockTasks)

     Nearest is 2:
       the effect is ship, not sendReceipt"
    `);
  });

  it('says that its transaction is still open', async () => {
    const frame = openFrame();
    const captured = await captureEffects(() => frame.run(() => mail.sendReceipt(7)));
    expect(textOf(() => expect(captured).toHaveDispatched(mail.sendReceipt)))
      .toMatchInlineSnapshot(`
     "Expected MailService.sendReceipt to be dispatched, but it is not decided yet: its transaction is still open.

     Enqueued:
     → 1. MailService.sendReceipt(7) — not decided yet: its transaction is still open"
    `);
    frame.rollBack();
  });

  it('says how it failed', async () => {
    const app = await booted(shop(AirlockTestingModule.forRoot({ mode: 'inline' })));
    await app
      .get(AirlockService)
      .run({ onDispatchError: () => {} }, () => app.get(MailService).break());
    expect(textOf(() => expect(app).toHaveDispatched(mail.break))).toMatchInlineSnapshot(`
     "Expected broken mail to be dispatched, but it failed: Error: SMTP is down.

     Enqueued:
     → 1. broken mail() — failed: Error: SMTP is down"
    `);
  });

  it('marks what was not expected', async () => {
    const captured = await captureEffects(() => mail.sendReceipt(7));
    expect(textOf(() => expect(captured).not.toHaveDispatched(mail.sendReceipt)))
      .toMatchInlineSnapshot(`
     "Expected MailService.sendReceipt not to be dispatched, but it was.

     Enqueued:
     → 1. MailService.sendReceipt(7) — dispatched"
    `);
  });
});

describe('when toHaveDispatchedTimes fails', () => {
  it('says how often it was, and what became of the rest', async () => {
    const captured = await captureEffects(async () => {
      await mail.sendReceipt(7);
      withPolicy(new BlockTasks(['MailService.sendReceipt']), () => void mail.sendReceipt(8));
      await mail.apologise(7);
    });
    expect(textOf(() => expect(captured).toHaveDispatchedTimes(mail.sendReceipt, 2)))
      .toMatchInlineSnapshot(`
     "Expected MailService.sendReceipt to be dispatched twice, but it was dispatched once.

     Enqueued:
     → 1. MailService.sendReceipt(7) — dispatched
       2. MailService.sendReceipt(8) — dropped: policy (BlockTasks)
       3. MailService.apologise(7) — dropped: outcome"
    `);
    expect(textOf(() => expect(captured).toHaveDispatchedTimes(mail.apologise, 1)))
      .toMatchInlineSnapshot(`
     "Expected MailService.apologise to be dispatched once, but it never was.

     Enqueued:
       1. MailService.sendReceipt(7) — dispatched
       2. MailService.sendReceipt(8) — dropped: policy (BlockTasks)
     → 3. MailService.apologise(7) — dropped: outcome"
    `);
    expect(textOf(() => expect(captured).toHaveDispatchedTimes(notifyWarehouse, 1)))
      .toMatchInlineSnapshot(`
     "Expected notifyWarehouse to be dispatched once, but it never was.

     Enqueued:
       1. MailService.sendReceipt(7) — dispatched
       2. MailService.sendReceipt(8) — dropped: policy (BlockTasks)
       3. MailService.apologise(7) — dropped: outcome

     Nearest is 3:
       the effect is MailService.apologise, not notifyWarehouse"
    `);
    expect(textOf(() => expect(captured).not.toHaveDispatchedTimes(mail.sendReceipt, 1)))
      .toMatchInlineSnapshot(`
     "Expected MailService.sendReceipt not to be dispatched once, but it was.

     Enqueued:
     → 1. MailService.sendReceipt(7) — dispatched
       2. MailService.sendReceipt(8) — dropped: policy (BlockTasks)
       3. MailService.apologise(7) — dropped: outcome"
    `);
  });
});

describe('when toHaveDropped fails', () => {
  it('says what became of it instead', async () => {
    const captured = await captureEffects(async () => {
      await mail.apologise(7);
      await mail.sendReceipt(7);
      withPolicy(new BlockTasks(['ship']), () => enqueue(ship, order));
    });
    expect(textOf(() => expect(captured).toHaveDropped(mail.apologise, { reason: 'rollback' })))
      .toMatchInlineSnapshot(`
     "Expected MailService.apologise to be dropped: rollback, but it was dropped: outcome.

     Enqueued:
     → 1. MailService.apologise(7) — dropped: outcome
       2. MailService.sendReceipt(7) — dispatched
       3. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dropped: policy (BlockTasks)"
    `);
    expect(textOf(() => expect(captured).toHaveDropped(mail.sendReceipt))).toMatchInlineSnapshot(`
     "Expected MailService.sendReceipt to be dropped, but it was dispatched.

     Enqueued:
       1. MailService.apologise(7) — dropped: outcome
     → 2. MailService.sendReceipt(7) — dispatched
       3. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dropped: policy (BlockTasks)"
    `);
    expect(textOf(() => expect(captured).toHaveDropped(ship, { policy: 'DropAll' })))
      .toMatchInlineSnapshot(`
     "Expected ship to be dropped: policy (DropAll), but it was dropped: policy (BlockTasks).

     Enqueued:
       1. MailService.apologise(7) — dropped: outcome
       2. MailService.sendReceipt(7) — dispatched
     → 3. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dropped: policy (BlockTasks)"
    `);
    expect(textOf(() => expect(captured).toHaveDropped('shop', { reason: 'outcome' })))
      .toMatchInlineSnapshot(`
     "Expected shop to be dropped: outcome, but it was not enqueued.

     Enqueued:
       1. MailService.apologise(7) — dropped: outcome
       2. MailService.sendReceipt(7) — dispatched
       3. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dropped: policy (BlockTasks)

     Nearest is 3:
       the effect is ship, not shop"
    `);
    expect(textOf(() => expect(captured).not.toHaveDropped(ship, { policy: BlockTasks })))
      .toMatchInlineSnapshot(`
     "Expected ship not to be dropped: policy (BlockTasks), but it was.

     Enqueued:
       1. MailService.apologise(7) — dropped: outcome
       2. MailService.sendReceipt(7) — dispatched
     → 3. ship({ id: 7, lines: [{ sku: 'A', count: 1 }], to: 'ada@example.org' }) — dropped: policy (BlockTasks)"
    `);
  });

  it('shows how the nearest call differs', async () => {
    const captured = await captureEffects(async () => {
      await mail.apologise(7);
      await mail.apologise(9);
      await mail.sendReceipt(7, { copy: true });
    });
    expect(textOf(() => expect(captured).toHaveDropped(mail.apologise, { args: [8] })))
      .toMatchInlineSnapshot(`
     "Expected MailService.apologise(8) to be dropped, but it was enqueued with other arguments.

     Enqueued:
       1. MailService.apologise(7) — dropped: outcome
       2. MailService.apologise(9) — dropped: outcome
       3. MailService.sendReceipt(7, { copy: true }) — dispatched

     Nearest is 1:

     - Expected
     + Received

       [
     -   8,
     +   7,
       ]"
    `);
    expect(
      textOf(() =>
        expect(captured).toHaveDropped(mail.sendReceipt, {
          args: [7, expect.anything()],
          reason: 'outcome',
        }),
      ),
    ).toMatchInlineSnapshot(`
     "Expected MailService.sendReceipt(7, Anything) to be dropped: outcome, but it was dispatched.

     Enqueued:
       1. MailService.apologise(7) — dropped: outcome
       2. MailService.apologise(9) — dropped: outcome
     → 3. MailService.sendReceipt(7, { copy: true }) — dispatched"
    `);
    expect(
      textOf(() =>
        expect(captured).toHaveDropped(notifyWarehouse, {
          args: [outbox, 7],
          policy: 'DropAll',
        }),
      ),
    ).toMatchInlineSnapshot(`
     "Expected notifyWarehouse(Outbox { sent: [] }, 7) to be dropped: policy (DropAll), but it was not enqueued.

     Enqueued:
       1. MailService.apologise(7) — dropped: outcome
       2. MailService.apologise(9) — dropped: outcome
       3. MailService.sendReceipt(7, { copy: true }) — dispatched

     Nearest is 1:
       the effect is MailService.apologise, not notifyWarehouse"
    `);
    expect(
      textOf(() =>
        expect(captured).not.toHaveDropped(mail.apologise, {
          args: [expect.any(Number)],
        }),
      ),
    ).toMatchInlineSnapshot(`
     "Expected MailService.apologise(Any(Number)) not to be dropped, but it was.

     Enqueued:
     → 1. MailService.apologise(7) — dropped: outcome
     → 2. MailService.apologise(9) — dropped: outcome
       3. MailService.sendReceipt(7, { copy: true }) — dispatched"
    `);
  });
});

describe('when toHaveNoEffects fails', () => {
  it('marks what got out, or may yet', async () => {
    const captured = await captureEffects(async () => {
      await mail.apologise(7);
      await mail.sendReceipt(7);
    });
    expect(textOf(() => expect(captured).toHaveNoEffects())).toMatchInlineSnapshot(`
     "Expected no effects, but there is 1.

     Enqueued:
       1. MailService.apologise(7) — dropped: outcome
     → 2. MailService.sendReceipt(7) — dispatched"
    `);
  });

  it('names what was refused', async () => {
    const app = await booted(shop(AirlockTestingModule.forRoot({ mode: 'assertNone' })));
    await app
      .get(AirlockService)
      .run(() => app.get(MailService).sendReceipt(7))
      .catch(() => {});
    expect(textOf(() => expect(recorderOf(app)).toHaveNoEffects())).toMatchInlineSnapshot(`
     "Expected no effects, but there is 1.

     Refused:
       1. MailService.sendReceipt(7)"
    `);
  });

  it('says that all were dropped', async () => {
    const captured = await captureEffects(() => mail.apologise(7));
    expect(textOf(() => expect(captured).not.toHaveNoEffects())).toMatchInlineSnapshot(`
     "Expected effects, but there are none.

     Enqueued:
       1. MailService.apologise(7) — dropped: outcome"
    `);
  });
});
