// oxlint-disable typescript/unbound-method -- an effect is named by its method.
import {
  AirlockService,
  BlockTasks,
  defer,
  EffectBuffer,
  enqueue,
  enqueueWith,
  type Intent,
  openScope,
  withPolicy,
} from 'nestjs-airlock';
import { AirlockTestingModule, captureEffects, type EffectRef } from 'nestjs-airlock/testing';
import {
  booted,
  checkAfterEach,
  MailService,
  notifyWarehouse,
  OrderService,
  Outbox,
  post,
  shop,
  textOf,
} from '../fixtures.js';

checkAfterEach();

const outbox = new Outbox();
const mail = new MailService(outbox);

class Queue {
  add(_job: string, _data: object): void {}
}

class SlowQueue extends Queue {}

describe('when an effect is named', () => {
  const captured = captureEffects(async () => {
    await mail.sendReceipt(7, { copy: true });
    enqueue(notifyWarehouse, outbox, 7);
    defer(new SlowQueue()).add('reserve', { id: 7 });
    enqueueWith({ name: 'ping' }, () => {});
    await mail.break();
  });

  it.each<[string, EffectRef]>([
    ['by its name', 'MailService.sendReceipt'],
    ['by the method of its class', MailService.prototype.sendReceipt],
    ['by the method of an instance', mail.sendReceipt],
    ['by its function', notifyWarehouse],
    ['by the method of a deferred object', new SlowQueue().add],
    ['by the method of its base class', Queue.prototype.add],
    ['by a name it was given at the call', 'ping'],
    ['by a name it was given at the method', 'broken mail'],
    ['by the method that was given a name', mail.break],
  ])('finds it %s', async (_, effect) => {
    expect(await captured).toHaveEnqueued(effect);
    expect(await captured).toHaveDispatched(effect);
    expect(await captured).toHaveEnqueuedTimes(effect, 1);
    expect(await captured).toHaveDispatchedTimes(effect, 1);
  });

  it.each<[string, EffectRef]>([
    ['another name', 'MailService.send'],
    ['another function of the same name', { notifyWarehouse: () => {} }.notifyWarehouse],
    ['a method nobody called', MailService.prototype.welcome],
  ])('does not take %s for it', async (_, effect) => {
    expect(await captured).not.toHaveEnqueued(effect);
    expect(await captured).not.toHaveDispatched(effect);
    expect(await captured).toHaveEnqueuedTimes(effect, 0);
    expect(await captured).toHaveDispatchedTimes(effect, 0);
    expect(await captured).not.toHaveDropped(effect);
  });

  it('refuses what names none', async () => {
    const { sendReciept } = mail as never as { sendReciept: () => void };
    const it = await captured;
    expect(() => expect(it).toHaveEnqueued(sendReciept)).toThrow(
      'Expected `effect` to be a method, a function or a name',
    );
    expect(() => expect(it).not.toHaveDropped(sendReciept)).toThrow('Expected `effect` to be');
  });
});

describe('when arguments are given', () => {
  const captured = captureEffects(async () => {
    await mail.sendReceipt(7, { copy: true });
    await mail.sendReceipt(8);
  });

  it('compares all of them', async () => {
    expect(await captured).toHaveEnqueued(mail.sendReceipt, 7, { copy: true });
    expect(await captured).toHaveEnqueued(mail.sendReceipt, 8);
    expect(await captured).not.toHaveEnqueued(mail.sendReceipt, 7);
    expect(await captured).not.toHaveEnqueued(mail.sendReceipt, 8, {});
    expect(await captured).not.toHaveDispatched(mail.sendReceipt, 9);
  });

  it('takes asymmetric matchers anywhere in them', async () => {
    expect(await captured).toHaveEnqueued(mail.sendReceipt, expect.any(Number), {
      copy: expect.any(Boolean),
    });
    expect(await captured).toHaveDispatched(
      mail.sendReceipt,
      7,
      expect.objectContaining({ copy: true }),
    );
    expect(await captured).not.toHaveEnqueued(
      mail.sendReceipt,
      expect.any(String) as number,
      expect.anything(),
    );
  });

  it('does not tell an argument that is undefined from one that is missing', async () => {
    expect(await captured).toHaveEnqueued(mail.sendReceipt, 8, undefined);
  });

  it('compares what maps and sets hold', async () => {
    const stock = (_counts: Map<string, number>, _sizes: Set<number>): void => {};
    const counted = await captureEffects(() => enqueue(stock, new Map([['A', 1]]), new Set([40])));
    expect(counted).toHaveEnqueued(stock, new Map([['A', 1]]), new Set([40]));
    expect(counted).toHaveEnqueued(
      stock,
      new Map([['A', expect.any(Number)]]) as Map<string, number>,
      new Set([40]),
    );
    expect(counted).not.toHaveEnqueued(stock, new Map([['A', 2]]), new Set([40]));
    expect(counted).not.toHaveDispatched(stock, new Map([['A', 1]]), new Set([41]));
  });
});

describe('when the fate of an effect is asked for', () => {
  const policy = new BlockTasks(['notifyWarehouse']);
  const captured = captureEffects(async () => {
    await mail.apologise(7);
    withPolicy(policy, () => enqueue(notifyWarehouse, outbox, 7));
  });

  it('tells what was dropped and why', async () => {
    expect(await captured).toHaveDropped(mail.apologise);
    expect(await captured).toHaveDropped(mail.apologise, { reason: 'outcome' });
    expect(await captured).not.toHaveDropped(mail.apologise, { reason: 'rollback' });
    expect(await captured).not.toHaveDispatched(mail.apologise);
  });

  it('tells the policy that dropped it, by class, object or name', async () => {
    expect(await captured).toHaveDropped(notifyWarehouse, { reason: 'policy', policy: BlockTasks });
    expect(await captured).toHaveDropped(notifyWarehouse, { policy });
    expect(await captured).toHaveDropped(notifyWarehouse, { policy: 'BlockTasks' });
    expect(await captured).not.toHaveDropped(notifyWarehouse, { policy: new BlockTasks([]) });
    expect(await captured).not.toHaveDropped(notifyWarehouse, { policy: 'DropAll' });
    expect(await captured).not.toHaveDropped(mail.apologise, { policy: 'BlockTasks' });
  });

  it('tells which of several calls was dropped', async () => {
    const refusing = { allows: ({ args }: Intent) => args[0] !== 8 };
    const some = await captureEffects(() =>
      withPolicy(refusing, async () => {
        await mail.sendReceipt(7);
        await mail.sendReceipt(8, { copy: true });
      }),
    );
    expect(some).toHaveDropped(mail.sendReceipt, {
      args: [8, { copy: true }],
      reason: 'policy',
      policy: refusing,
    });
    expect(some).toHaveDropped(mail.sendReceipt, {
      args: [expect.any(Number), { copy: expect.anything() }],
    });
    expect(some).toHaveDropped('MailService.sendReceipt', { args: [8, expect.anything()] });
    expect(some).not.toHaveDropped(mail.sendReceipt, { args: [7] });
    expect(some).not.toHaveDropped(mail.sendReceipt, { args: [8] });
    expect(some).not.toHaveDropped(mail.sendReceipt, {
      args: [8, { copy: true }],
      reason: 'rollback',
    });
    expect(some).toHaveDispatchedTimes(mail.sendReceipt, 1);
    expect(some).not.toHaveDispatchedTimes(mail.sendReceipt, 2);
    expect(some).toHaveEnqueuedTimes(mail.sendReceipt, 2);
  });

  it('tells a call without arguments from one with any', async () => {
    const dropping = { allows: () => false };
    const ping = (..._hosts: string[]): void => {};
    const none = await captureEffects(() => withPolicy(dropping, () => enqueue(ping)));
    expect(none).toHaveDropped(ping, { args: [] });
    const one = await captureEffects(() => withPolicy(dropping, () => enqueue(ping, 'a')));
    expect(one).not.toHaveDropped(ping, { args: [] });
    expect(one).toHaveDropped(ping, { args: undefined });
  });

  it('counts no effect where all were dropped', async () => {
    expect(await captured).toHaveNoEffects();
  });

  it('counts effects that went out, and those that may yet', async () => {
    expect(await captureEffects(() => mail.sendReceipt(7))).not.toHaveNoEffects();
    expect(await captureEffects(() => {})).toHaveNoEffects();
  });
});

describe('when an application is received', () => {
  it('asks its recorder', async () => {
    const app = await booted(shop(AirlockTestingModule.forRoot({ mode: 'inline' })));
    expect(app).toHaveNoEffects();
    await post(app, '/orders/7');
    expect(app).toHaveDispatched(app.get(MailService).sendReceipt, 7);
    expect(app).toHaveEnqueuedTimes(notifyWarehouse, 1);
    expect(app).not.toHaveNoEffects();
  });
});

describe('when a buffer is received', () => {
  it('knows what an EffectBuffer holds', async () => {
    const app = await booted(shop(AirlockTestingModule.forRoot({ mode: 'capture' })));
    const buffer = app.get(EffectBuffer);
    await app.get(AirlockService).run(async () => {
      expect(buffer).toHaveNoEffects();
      await app.get(OrderService).place(7);
      expect(buffer).toHaveEnqueued(notifyWarehouse, expect.anything(), 7);
      expect(buffer).not.toHaveNoEffects();
    });
    expect(buffer).toHaveNoEffects();
  });

  it('knows what a scope holds', () => {
    const scope = openScope();
    scope.run(() => enqueue(notifyWarehouse, outbox, 7));
    expect(scope).toHaveEnqueuedTimes(notifyWarehouse, 1);
    scope.close();
    scope.discard();
    expect(scope).toHaveNoEffects();
  });

  it('does not know what becomes of that', () => {
    const scope = openScope();
    expect(() => expect(scope).toHaveDispatched('x')).toThrow('`toHaveDispatched` cannot tell');
    expect(() => expect(scope).not.toHaveDropped('x')).toThrow('`toHaveDropped` cannot tell');
    expect(() => expect(scope).toHaveDispatchedTimes('x', 0)).toThrow(
      '`toHaveDispatchedTimes` cannot tell',
    );
    scope.close();
    scope.discard();
  });
});

describe('when something else is received', () => {
  it('says what the matchers take', () => {
    for (const received of [undefined, null, 7, [], {}]) {
      expect(() => expect(received).toHaveNoEffects()).toThrow(
        'Expected `received` to be a result of `captureEffects`',
      );
    }
  });

  it('says that a Promise was not awaited', async () => {
    const captured = captureEffects(() => {});
    expect(() => expect(captured).toHaveNoEffects()).toThrow(
      'got an object (Promise). Await it first.',
    );
    await captured;
  });

  it('refuses a number of times there is none of', async () => {
    const captured = await captureEffects(() => {});
    expect(() => expect(captured).toHaveEnqueuedTimes('x', -1)).toThrow(
      'Expected `times` to be an integer of 0 or more',
    );
    expect(() => expect(captured).toHaveDispatchedTimes('x', 0.5)).toThrow('got `0.5` (number)');
  });

  it.each<[string, unknown, string]>([
    [
      'an argument of the effect',
      7,
      'Expected `drop` to be an object, got `7` (number). Arguments go into it, as `{ args: [7] }`.',
    ],
    [
      'a key it does not know',
      { reasons: 'policy' },
      'Unknown option `drop.reasons`. Known options: args, reason, policy.',
    ],
    [
      'arguments that are no list',
      { args: 7 },
      'Expected `drop.args` to be an array of all arguments, got `7` (number).',
    ],
    [
      'a reason there is none of',
      { reason: 'rolledBack' },
      "Expected `drop.reason` to be 'policy' or 'outcome' or 'rollback' or 'duplicate' or 'discarded' or 'failFast' or 'outsideScope' or 'retry' or 'late', got `rolledBack` (string).",
    ],
    [
      'a policy that is none',
      { policy: true },
      'Expected `drop.policy` to be a policy, its class or the name of that, got `true` (boolean).',
    ],
  ])('refuses as a drop %s', async (_, drop, message) => {
    const captured = await captureEffects(() => mail.apologise(7));
    expect(textOf(() => expect(captured).toHaveDropped(mail.apologise, drop as object))).toBe(
      message,
    );
    expect(textOf(() => expect(captured).not.toHaveDropped(mail.apologise, drop as object))).toBe(
      message,
    );
  });
});
