import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, contexts, PolicyContext } from './context.js';

/**
 * The place where a message that is on its way to its handlers was sent, if a scope was open there.
 */
const sentFrom = new AsyncLocalStorage<Context | undefined>();

/**
 * Sends a message within the process. Its handlers may be called later, when the scope that is open
 * here has ended: they belong to it all the same, as what begins in it does.
 *
 * @internal
 */
export function sendFromHere<R>(send: () => R): R {
  const here = contexts.getStore();
  return here === undefined ? send() : sentFrom.run(here.isLive ? here : undefined, send);
}

/**
 * Calls the handler of a message. Where the scope that it was sent from has ended, what the handler
 * opens is nested in that one, and follows it (rule 17).
 *
 * @internal
 */
export function receiveHere<R>(handle: () => R): R {
  const here = contexts.getStore();
  // What the sender has left behind, or a handler has, is not the message.
  return here === undefined || here.isLive || sentFrom.getStore() !== here
    ? handle()
    : contexts.run(new SentMessage(here), handle);
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
