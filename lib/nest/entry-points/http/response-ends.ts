import type { ServerResponse } from 'node:http';
import type { Answer } from '../../../core/scope/pending-work.js';
import { type Connection, connectionOf, isOver, makeRoomForListener } from './http.messages.js';

/**
 * Tells when a response is over: handed to the network, or its connection gone. For a client that
 * pipelines requests and leaves, Node tells only of the first response, so connections are watched
 * too. Responses and connections have one listener each, for all that waits: Node warns of more
 * than ten listeners, and a stream that is piped into a response adds many.
 *
 * @internal
 */
export class ResponseEnds {
  private readonly waiting = new WeakMap<ServerResponse, Set<() => void>>();
  private readonly onConnection = new WeakMap<Connection, Set<() => void>>();

  /** Calls `fn` once: at once if the response is over already. */
  once(response: ServerResponse, fn: () => void): void {
    if (isOver(response)) return fn();
    (this.waiting.get(response) ?? this.watch(response)).add(fn);
  }

  /** A response as the answer that effects may wait for. */
  answerOf(response: ServerResponse): Answer {
    return new ResponseAnswer(this, response);
  }

  private watch(response: ServerResponse): Set<() => void> {
    const waiting = new Set<() => void>();
    this.waiting.set(response, waiting);
    const connection = connectionOf(response);
    const end = (): void => {
      response.off('finish', end);
      response.off('close', end);
      if (connection !== undefined) this.onConnection.get(connection)?.delete(end);
      this.waiting.delete(response);
      for (const fn of waiting) fn();
    };
    makeRoomForListener(response);
    response.once('finish', end);
    response.once('close', end);
    if (connection !== undefined) this.watchConnection(connection).add(end);
    return waiting;
  }

  private watchConnection(connection: Connection): Set<() => void> {
    const watched = this.onConnection.get(connection);
    if (watched !== undefined) return watched;
    const ends = new Set<() => void>();
    this.onConnection.set(connection, ends);
    makeRoomForListener(connection);
    connection.once('close', () => {
      for (const end of ends) end();
    });
    return ends;
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
    // May throw, as for a body of the wrong kind: the caller may then answer in another way.
    Reflect.apply(end, response, args);
    response.end = end;
    fn();
    return response;
  }) as ServerResponse['end'];
}
