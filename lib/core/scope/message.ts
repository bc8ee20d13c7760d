import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, contexts } from './context.js';
import { PolicyContext } from './policy-context.js';

/** A message that is on its way to its handlers. */
interface Message {
  /** The context in which it was sent; a scope was open there. */
  readonly from: Context;
  /** Arguments of its sender: the message is one of them, or in an array among them. */
  readonly sent: readonly unknown[];
}

const messages = new AsyncLocalStorage<Message | undefined>();

/**
 * Sends a message within the process. Its handlers belong to the scope that is open here, even if
 * they are called later, when that has ended.
 *
 * @internal
 */
export function sendFromHere<R>(sent: readonly unknown[], send: () => R): R {
  const from = contexts.getStore();
  return from === undefined ? send() : messages.run(from.isLive ? { from, sent } : undefined, send);
}

/**
 * Calls the handler of a message. If the scope that it was sent from has ended, a scope that the
 * handler opens is nested in it all the same, and follows it (rule 17).
 *
 * @internal
 */
export function receiveHere<R>(received: readonly unknown[], handle: () => R): R {
  const here = contexts.getStore();
  if (here === undefined || here.isLive) return handle();
  const message = messages.getStore();
  // Otherwise it is no handler of the message, but other work: something that the sender or a
  // handler has left running, or data that arrives over a connection that was opened in the scope.
  return message?.from === here && isIn(message.sent, received)
    ? contexts.run(new SentMessage(here), handle)
    : handle();
}

/** Runs `fn` outside any message, for work that outlives it. @internal */
export function outsideMessages<R>(fn: () => R): R {
  return messages.getStore() === undefined ? fn() : messages.run(undefined, fn);
}

function isIn(sent: readonly unknown[], received: readonly unknown[]): boolean {
  // An event without a value is its name alone.
  if (received.length === 0) return sent.length === 1;
  const [message] = received;
  return sent.some((arg) => arg === message || (Array.isArray(arg) && arg.includes(message)));
}

/** The context a message was sent from, as it was then: with its scope open. */
class SentMessage extends PolicyContext {
  constructor(at: Context) {
    super(at.host, at, at.chain, undefined);
  }

  override get isLive(): boolean {
    return true;
  }

  override get mayReceive(): boolean {
    return true;
  }
}
