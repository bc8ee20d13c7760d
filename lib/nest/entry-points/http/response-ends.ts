import type { ServerResponse } from 'node:http';
import type { Answer } from '../../../core/scope/pending-work.js';
import { type Connection, connectionOf, isOver, makeRoomForListener } from './http.messages.js';

/**
 * Tells when a response is over: handed to the network, or its connection gone. Of the responses to
 * a client that pipelines and leaves, Node tells the first only, so connections are watched too,
 * each by one listener that holds nothing but what still waits. So are responses: a stream that is
 * piped into one brings many listeners of its own, and Node warns of more than ten.
 *
 * @internal
 */
export class ResponseEnds {
  private readonly waiting = new WeakMap<ServerResponse, Set<() => void>>();
  private readonly onConnection = new WeakMap<Connection, Set<() => void>>();

  /** Calls `fn` once: at once where it is over already. */
  once(response: ServerResponse, fn: () => void): void {
    if (isOver(response)) return fn();
    (this.waiting.get(response) ?? this.watch(response)).add(fn);
  }

  /** The end of a response, for what waits for the answer to its request. */
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
    const known = this.onConnection.get(connection);
    if (known !== undefined) return known;
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
    // May throw, as for a body of the wrong kind: whoever called it may then answer otherwise.
    Reflect.apply(end, response, args);
    response.end = end;
    fn();
    return response;
  }) as ServerResponse['end'];
}
