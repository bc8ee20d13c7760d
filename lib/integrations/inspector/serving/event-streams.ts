import type { ServerResponse } from 'node:http';
import { clearInterval, setInterval } from 'node:timers';
import type { ChangesView, StateView } from '../view/inspector.view.js';
import { beginEvents, sendNoEvents } from './raw-response.js';

/** Interval of heartbeats: proxies cut connections that are silent for longer. */
const HEARTBEAT_MS = 15_000;

/**
 * Browser that listens. Changes that it does not read are not kept for it: it gets the whole state
 * when it reads again.
 */
class EventStream {
  private isBehind = false;
  private hasMissed = false;
  /** True if it was behind at the last heartbeat. */
  private wasBehind = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly state: () => string,
  ) {
    response.on('drain', () => this.caughtUp());
    this.send(state());
  }

  send(event: string): void {
    if (this.isBehind) this.hasMissed = true;
    else this.isBehind = !this.response.write(event);
  }

  /** Ends it if it has read nothing since the last heartbeat. */
  beat(): void {
    if (this.isBehind && this.wasBehind) this.response.destroy();
    this.wasBehind = this.isBehind;
    if (!this.isBehind) this.send(':\n\n');
  }

  end(): void {
    this.response.end();
  }

  private caughtUp(): void {
    this.isBehind = false;
    if (!this.hasMissed) return;
    this.hasMissed = false;
    this.send(this.state());
  }
}

/**
 * Browsers that listen to the events of an inspector.
 *
 * @internal
 */
export class EventStreams {
  private readonly streams = new Set<EventStream>();
  private heart: NodeJS.Timeout | undefined;
  private isClosed = false;

  /** @param state returns the whole state */
  constructor(private readonly state: () => StateView) {}

  get count(): number {
    return this.streams.size;
  }

  open(response: unknown): void {
    if (this.isClosed) return sendNoEvents(response);
    const raw = beginEvents(response);
    if (raw === undefined) return;
    const stream = new EventStream(raw, () => eventOf('state', this.state()));
    this.streams.add(stream);
    this.heart ??= setInterval(() => this.beat(), HEARTBEAT_MS).unref();
    raw.on('close', () => this.left(stream));
    // Told of by `close`.
    raw.on('error', () => {});
  }

  /** Sends changes. */
  tell(changes: ChangesView): void {
    this.send(eventOf('changes', changes));
  }

  /** Sends the whole state, which replaces all that was sent before. */
  tellAll(): void {
    this.send(eventOf('state', this.state()));
  }

  /** Ends all responses: a server closes only when its last response has ended. */
  close(): void {
    this.isClosed = true;
    for (const stream of this.streams) stream.end();
  }

  private send(event: string): void {
    for (const stream of this.streams) stream.send(event);
  }

  private left(stream: EventStream): void {
    this.streams.delete(stream);
    if (this.streams.size > 0) return;
    clearInterval(this.heart);
    this.heart = undefined;
  }

  private beat(): void {
    for (const stream of this.streams) stream.beat();
  }
}

function eventOf(name: 'state' | 'changes', data: ChangesView): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
