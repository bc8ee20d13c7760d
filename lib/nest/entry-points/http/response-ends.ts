import type { ServerResponse } from 'node:http';
import type { Answer } from '../../../core/scope/pending-work.js';
import { type Connection, connectionOf, isOver } from './http.messages.js';

/**
 * Tells when a response is over: handed to the network, or its connection gone. Of the responses to
 * a client that pipelines and leaves, Node tells the first only, so connections are watched too,
 * each by one listener that holds nothing but what still waits.
 *
 * @internal
 */
export class ResponseEnds {
  private readonly waiting = new WeakMap<Connection, Set<() => void>>();

  /** Calls `fn` once: at once where it is over already. */
  once(response: ServerResponse, fn: () => void): void {
    if (isOver(response)) return fn();
    const connection = connectionOf(response);
    const end = (): void => {
      response.off('finish', end);
      response.off('close', end);
      if (connection !== undefined) this.waiting.get(connection)?.delete(end);
      fn();
    };
    response.once('finish', end);
    response.once('close', end);
    if (connection !== undefined) this.waitingOn(connection).add(end);
  }

  /** The end of a response, for what waits for the answer to its request. */
  answerOf(response: ServerResponse): Answer {
    return new ResponseAnswer(this, response);
  }

  private waitingOn(connection: Connection): Set<() => void> {
    const known = this.waiting.get(connection);
    if (known !== undefined) return known;
    const waiting = new Set<() => void>();
    this.waiting.set(connection, waiting);
    connection.once('close', () => {
      for (const end of waiting) end();
    });
    return waiting;
  }
}

class ResponseAnswer implements Answer {
  constructor(
    private readonly ends: ResponseEnds,
    private readonly response: ServerResponse,
  ) {}

  get isGiven(): boolean {
    return isOver(this.response);
  }

  onceGiven(fn: () => void): void {
    this.ends.once(this.response, fn);
  }
}

/**
 * Calls `fn` once a response has been given its end, be it sent or not: Node tells nothing of one
 * whose connection is gone.
 *
 * @internal
 */
export function onceEnded(response: ServerResponse, fn: () => void): void {
  if (response.writableEnded) return fn();
  const end = Reflect.get(response, 'end') as ServerResponse['end'];
  response.end = ((...args: unknown[]) => {
    // May throw, as for a body of the wrong kind: whoever called it may then answer otherwise.
    Reflect.apply(end, response, args);
    response.end = end;
    fn();
    return response;
  }) as ServerResponse['end'];
}
