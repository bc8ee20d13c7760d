// oxlint-disable typescript/unbound-method -- an effect is named by its method.
import type { INestApplication } from '@nestjs/common';
import { expect as jestExpect } from '@jest/globals';
import type { TestingModule } from '@nestjs/testing';
import { DropAll, type EffectBuffer, type ScopeView } from 'nestjs-airlock';
import {
  airlockMatchers,
  AirlockTestingModule,
  captureEffects,
  describePolicyContract,
  drain,
  effectSerializer,
  type EffectSource,
  recorderOf,
  runEffect,
  waitForEffect,
} from 'nestjs-airlock/testing';
import { expect as vitestExpect } from 'vitest';
import '../../lib/testing/jest-globals.js';
import '../../lib/testing/vitest.js';
import { type Equal, expectTrue } from './expect.js';

interface Order {
  readonly id: number;
  readonly lines: readonly { readonly sku: string; readonly at: Date }[];
}

declare const app: INestApplication;
declare const module: TestingModule;
declare const buffer: EffectBuffer;
declare const view: ScopeView;
declare function ship(order: Order, note?: string): void;

declare class MailService {
  readonly from: string;
  sendReceipt(orderId: number, options?: { readonly copy: boolean }): Promise<void>;
  note(...texts: string[]): void;
}

declare const mail: MailService;

/** The matchers as the `expect` of every test runner takes them. */
export function extended(): void {
  expect.extend(airlockMatchers);
  jestExpect.extend(airlockMatchers);
  vitestExpect.extend(airlockMatchers);
}

/** The globals of Jest, or of Vitest, which reads the same declarations. */
export async function globals(): Promise<void> {
  const captured = await captureEffects(app, () => 7);
  expect(captured).toHaveEnqueued(mail.sendReceipt, 7, { copy: true });
  expect(captured).toHaveEnqueued(MailService.prototype.sendReceipt, 7);
  expect(captured).toHaveEnqueued(mail.sendReceipt);
  expect(captured).toHaveEnqueued(mail.note, 'a', 'b', expect.any(String));
  expect(captured).toHaveEnqueued('MailService.sendReceipt', 'anything', 7);
  expect(captured).toHaveEnqueued(ship, {
    id: expect.any(Number),
    lines: expect.arrayContaining([]),
  });
  expect(captured).not.toHaveEnqueuedTimes(ship, 2);
  expect(captured).toHaveDispatched(
    ship,
    { id: 7, lines: [{ sku: 'A', at: expect.any(Date) }] },
    'note',
  );
  expect(captured).toHaveDropped(ship, { reason: 'policy', policy: DropAll });
  expect(captured).toHaveDropped(ship, { policy: new DropAll() });
  expect(captured).toHaveDropped(ship, {
    args: [{ id: 7, lines: expect.anything() }],
    reason: 'rollback',
  });
  expect(captured).toHaveDropped(mail.sendReceipt, { args: [expect.any(Number), { copy: true }] });
  expect(captured).toHaveDropped(mail.note, { args: ['a', expect.any(String), 'c'] });
  expect(captured).not.toHaveDropped('MailService.sendReceipt', { args: ['anything', 7] });
  expect(captured).toHaveDispatchedTimes(mail.sendReceipt, 2);
  expect(captured).not.toHaveNoEffects();
  await expect(captureEffects(() => 7)).resolves.toHaveNoEffects();

  // @ts-expect-error an order is no text
  expect(captured).toHaveEnqueued(ship, 'order');
  // @ts-expect-error a line has a number of things more
  expect(captured).toHaveEnqueued(ship, { id: 7, lines: [{ sku: 7 }] });
  // @ts-expect-error too many arguments
  expect(captured).toHaveDispatched(mail.sendReceipt, 7, { copy: true }, 'more');
  // @ts-expect-error all arguments or none
  expect(captured).toHaveDispatched(mail.sendReceipt, { copy: true });
  // @ts-expect-error not an effect
  expect(captured).toHaveEnqueued(7);
  // @ts-expect-error no such reason
  expect(captured).toHaveDropped(ship, { reason: 'because' });
  // @ts-expect-error arguments go into the object
  expect(captured).toHaveDropped(mail.sendReceipt, 7);
  // @ts-expect-error a number, not a text
  expect(captured).toHaveDropped(mail.sendReceipt, { args: ['7'] });
  // @ts-expect-error all arguments
  expect(captured).toHaveDropped(ship, { args: [] });
  // @ts-expect-error no such key
  expect(captured).toHaveDropped(ship, { by: DropAll });
  // @ts-expect-error a number of times
  expect(captured).toHaveEnqueuedTimes(ship);
  // @ts-expect-error a number of times
  expect(captured).toHaveDispatchedTimes(ship);
}

/** `@jest/globals`. */
export async function jestGlobals(): Promise<void> {
  const captured = await captureEffects(app, () => 7);
  jestExpect(captured).toHaveEnqueued(mail.sendReceipt, 7, { copy: true });
  jestExpect(captured).toHaveEnqueued(mail.sendReceipt, jestExpect.any(Number), {
    copy: jestExpect.anything(),
  });
  jestExpect(captured).toHaveEnqueued(ship, jestExpect.objectContaining({ id: 7 }));
  jestExpect(captured).not.toHaveEnqueuedTimes(ship, 2);
  jestExpect(captured).toHaveDispatched(ship, {
    id: 7,
    lines: [{ sku: 'A', at: jestExpect.any(Date) }],
  });
  jestExpect(captured).toHaveDispatchedTimes(ship, 2);
  jestExpect(captured).toHaveDropped(ship, { reason: 'rollback' });
  jestExpect(captured).toHaveDropped(mail.sendReceipt, {
    args: [7, { copy: jestExpect.anything() }],
    policy: DropAll,
  });
  jestExpect(captured).toHaveNoEffects();
  await jestExpect(captureEffects(() => 7)).resolves.toHaveNoEffects();
  // @ts-expect-error an order is no text
  jestExpect(captured).toHaveEnqueued(ship, 'order');
  // @ts-expect-error a number, not a text
  jestExpect(captured).toHaveEnqueuedTimes(ship, '2');
  // @ts-expect-error a number, not a text
  jestExpect(captured).toHaveDispatchedTimes(ship, '2');
  // @ts-expect-error a number, not a text
  jestExpect(captured).toHaveDropped(mail.sendReceipt, { args: ['7'] });
}

/** Vitest. */
export async function vitest(): Promise<void> {
  const captured = await captureEffects(app, () => 7);
  vitestExpect(captured).toHaveEnqueued(mail.sendReceipt, 7, { copy: true });
  vitestExpect(captured).toHaveEnqueued(mail.sendReceipt, vitestExpect.any(Number), {
    copy: vitestExpect.anything(),
  });
  vitestExpect(captured).not.toHaveEnqueuedTimes(ship, 2);
  vitestExpect(captured).toHaveDispatched(ship, vitestExpect.objectContaining({ id: 7 }));
  vitestExpect(captured).toHaveDispatchedTimes(ship, 2);
  vitestExpect(captured).toHaveDropped(ship, { reason: 'rollback' });
  vitestExpect(captured).toHaveDropped(mail.sendReceipt, {
    args: [7, { copy: vitestExpect.anything() }],
    policy: DropAll,
  });
  vitestExpect(captured).toHaveNoEffects();
  await vitestExpect(captureEffects(() => 7)).resolves.toHaveNoEffects();
  // @ts-expect-error an order is no text
  vitestExpect(captured).toHaveEnqueued(ship, 'order');
  // @ts-expect-error a number, not a text
  vitestExpect(captured).toHaveEnqueuedTimes(ship, '2');
  // @ts-expect-error a number, not a text
  vitestExpect(captured).toHaveDispatchedTimes(ship, '2');
  // @ts-expect-error a number, not a text
  vitestExpect(captured).toHaveDropped(mail.sendReceipt, { args: ['7'] });
}

/** What matchers take. */
export function sources(): EffectSource[] {
  return [app, module, buffer, view, recorderOf(app)];
}

/** What the functions of the kit give and take. */
export async function functions(): Promise<void> {
  const captured = await captureEffects(app, async () => Promise.resolve(7));
  expectTrue<Equal<typeof captured.result, number | undefined>>();
  const free = await captureEffects((scope) => scope.intents);
  expectTrue<Equal<(typeof free.effects)[number], (typeof free.dispatched)[number]>>();

  await runEffect(mail, 'sendReceipt', 7, { copy: true });
  await runEffect(mail, 'note', 'a', 'b');
  await runEffect(ship, { id: 7, lines: [] });
  await drain(app, { maxDepth: 3 });
  await waitForEffect(app, mail.sendReceipt, { timeoutMs: 5, where: ({ args }) => args[0] === 7 });
  expect.addSnapshotSerializer(
    effectSerializer({ redact: ['password', { effect: ship, path: 'args[0]' }] }),
  );
  vitestExpect.addSnapshotSerializer(effectSerializer());
  jestExpect.addSnapshotSerializer(effectSerializer());

  AirlockTestingModule.forRoot({
    mode: 'capture',
    fakeOnly: [mail.sendReceipt, ship, 'newsletter'],
  });
  AirlockTestingModule.forRoot({ fakeOnly: [ship], mode: 'inline', outsideScope: 'drop' });

  // @ts-expect-error not an effect
  AirlockTestingModule.forRoot({ mode: 'capture', fakeOnly: [7] });
  // @ts-expect-error not a number
  await runEffect(mail, 'sendReceipt', '7');
  // @ts-expect-error not a method
  await runEffect(mail, 'from');
  // @ts-expect-error no such method
  await runEffect(mail, 'send', 7);
  // @ts-expect-error an order is missing
  await runEffect(ship);
  // @ts-expect-error nothing to capture
  await captureEffects(app);
}

/** What a policy's author says of it. */
export function contract(): void {
  describePolicyContract('DropAll', {
    create: () => DropAll,
    drops: ['a', { name: 'b', args: [7], on: 'failure' }],
  });
  describePolicyContract('of its own', {
    create: () => ({ allows: () => true }),
    remembers: 'flush',
    throws: true,
  });

  // @ts-expect-error no policy
  describePolicyContract('none', { create: () => 7 });
  // @ts-expect-error how it is made
  describePolicyContract('none', { lets: ['a'] });
  // @ts-expect-error a call has a name
  describePolicyContract('DropAll', { create: () => DropAll, drops: [{ args: [7] }] });
  // @ts-expect-error it cannot remember that
  describePolicyContract('DropAll', { create: () => DropAll, remembers: 'scope' });
}
