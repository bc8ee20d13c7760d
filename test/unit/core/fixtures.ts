import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AirlockMessage, Executor, Intent } from 'nestjs-airlock';

/** What effects did, in order. */
export const sent: string[] = [];

export function send(text: string): void {
  sent.push(text);
}

/** Begins and ends on different ticks, so that two at a time would show. */
export async function sendSlowly(text: string): Promise<void> {
  sent.push(`${text} begins`);
  await setImmediate();
  sent.push(`${text} ends`);
}

export function fail(text: string): void {
  throw new Error(text);
}

/** The first argument of each intent, which the effects above are told apart by. */
export function texts(intents: readonly Intent[]): unknown[] {
  return intents.map((intent) => intent.args[0]);
}

/** The error that `work` throws or rejects with. */
export async function errorOf<E = Error>(work: () => unknown): Promise<E> {
  try {
    await work();
  } catch (error) {
    return error as E;
  }
  throw new Error('Expected an error, but there was none.');
}

/** An executor that writes down what it is given; one intent at a time, or batches. */
export function recorder(into: string[] = sent, mark = ''): Executor {
  return { execute: (intent) => void into.push(`${mark}${String(intent.args[0])}`) };
}

/** Whether nothing keeps the object any more. */
export async function isCollected(reference: WeakRef<object>): Promise<boolean> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  // A `WeakRef` keeps its object until the end of the tick in which it was made or read.
  for (let i = 0; i < 10; i++) {
    await setImmediate();
    gc();
    await setImmediate();
    if (reference.deref() === undefined) return true;
  }
  return false;
}

/**
 * Empties the outbox before each test, and fails a test that leaves a scope neither flushed nor
 * discarded.
 */
export function checkAfterEach(): void {
  const open = new Map<string, string>();
  const follow = (message: unknown): void => {
    const { scope, reason } = message as AirlockMessage;
    if (reason === 'open') open.set(scope!.id, scope!.name ?? 'unnamed');
    else open.delete(scope!.id);
  };
  beforeEach(() => {
    sent.length = 0;
    open.clear();
    subscribe('airlock:scope', follow);
  });
  afterEach(() => {
    unsubscribe('airlock:scope', follow);
    expect([...open.values()]).toEqual([]);
  });
}
