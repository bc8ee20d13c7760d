import type { StuckRow } from '../../stuck-rows.js';
import type { ChangesView, StateView, UnitView } from '../view/inspector.view.js';

/** Below whatever the application is mounted at: a prefix, a version, a proxy. */
const base = location.pathname.replace(/\/$/, '');
const AGAIN_MS = 3_000;

/** State of the connection to the application. */
export type Link = 'connecting' | 'live' | 'lost' | 'refused';

export interface Known {
  readonly link: Link;
  readonly state: StateView | undefined;
}

/** Listens to the application, for as long as the page is open: what is lost is begun again. */
export class Server {
  private known: Known = { link: 'connecting', state: undefined };
  private source: EventSource | undefined;

  constructor(private readonly tell: (known: Known) => void) {}

  listen(): void {
    const source = (this.source = new EventSource(`${base}/events`));
    source.addEventListener('state', ({ data }) =>
      this.is('live', JSON.parse(data as string) as StateView),
    );
    source.addEventListener('changes', ({ data }) =>
      this.hear(JSON.parse(data as string) as ChangesView),
    );
    source.addEventListener('error', () => void this.lost(source));
  }

  stop(): void {
    this.source?.close();
  }

  private hear({ now, totals, units }: ChangesView): void {
    const { state } = this.known;
    if (state === undefined) return;
    const changed = new Set(units.map(({ id }) => id));
    const all = [...units, ...state.units.filter(({ id }) => !changed.has(id))];
    this.is('live', { ...state, now, totals, units: kept(all, state.capacity) });
  }

  /**
   * A browser comes back by itself to a server that has not answered at all; one that has refused,
   * it leaves alone.
   */
  private async lost(source: EventSource): Promise<void> {
    this.is('lost', this.known.state);
    if (source.readyState !== EventSource.CLOSED) return;
    const answer = await fetch(`${base}/state`).catch(() => undefined);
    if (answer?.status === 401 || answer?.status === 403) this.is('refused', undefined);
    setTimeout(() => this.listen(), AGAIN_MS);
  }

  private is(link: Link, state: StateView | undefined): void {
    this.known = { link, state };
    this.tell(this.known);
  }
}

/** Keeps as many as the application does at most. */
function kept(units: readonly UnitView[], capacity: number): readonly UnitView[] {
  const sorted = [...units].sort((a, b) => b.startedAt - a.startedAt);
  return sorted.slice(0, 3 * capacity);
}

export async function stuckRows(): Promise<readonly StuckRow[]> {
  return (await answered(await fetch(`${base}/stuck`))) as readonly StuckRow[];
}

export async function deal(id: string, action: 'retry' | 'discard'): Promise<void> {
  const headers = { 'x-airlock-inspector': 'page' };
  await answered(
    await fetch(`${base}/stuck/${encodeURIComponent(id)}/${action}`, { method: 'POST', headers }),
  );
}

async function answered(answer: Response): Promise<unknown> {
  const body = (await answer.json().catch(() => undefined)) as
    | { readonly message?: string }
    | undefined;
  if (!answer.ok) throw new Error(body?.message ?? `The application answered ${answer.status}.`);
  return body;
}
