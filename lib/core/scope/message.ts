import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, contexts } from './context.js';
import { PolicyContext } from './policy-context.js';

/** A message that is on its way to its handlers. */
interface Message {
  /** The place where it was sent, in which a scope was open. */
  readonly from: Context;
  /** Arguments of its sender: the message is among them, or in a list of several. */
  readonly sent: readonly unknown[];
}

const messages = new AsyncLocalStorage<Message | undefined>();

/**
 * Sends a message within the process. Its handlers may be called later, when the scope that is open
 * here has ended: they belong to it all the same, as what begins in it does.
 *
 * @internal
 */
export function sendFromHere<R>(sent: readonly unknown[], send: () => R): R {
  const from = contexts.getStore();
  return from === undefined ? send() : messages.run(from.isLive ? { from, sent } : undefined, send);
}

/**
 * Calls the handler of a message. Where the scope that it was sent from has ended, what the handler
 * opens is nested in that one, and follows it (rule 17).
 *
 * @internal
 */
export function receiveHere<R>(received: readonly unknown[], handle: () => R): R {
  const here = contexts.getStore();
  if (here === undefined || here.isLive) return handle();
  const message = messages.getStore();
  // What the sender has left behind, or a handler has, is not the message; nor is what arrives over
  // a connection that was made for it.
  return message?.from === here && isIn(message.sent, received)
    ? contexts.run(new SentMessage(here), handle)
    : handle();
}

/** Runs `fn` as no part of any message: what lasts is to keep none. @internal */
export function outsideMessages<R>(fn: () => R): R {
  return messages.getStore() === undefined ? fn() : messages.run(undefined, fn);
}

function isIn(sent: readonly unknown[], received: readonly unknown[]): boolean {
  // An event without a value is its name alone.
  if (received.length === 0) return sent.length === 1;
  const [message] = received;
  return sent.some((one) => one === message || (Array.isArray(one) && one.includes(message)));
}

/** The place a message was sent from, as it was then. */
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
