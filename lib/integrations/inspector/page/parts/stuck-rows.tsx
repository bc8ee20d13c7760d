import { useEffect, useState } from 'preact/hooks';
import type { StuckRow } from '../../../stuck-rows.js';
import type { StateView } from '../../view/inspector.view.js';
import { deal, stuckRows } from '../server.js';
import { calendarText, counted } from '../words.js';

const AGAIN_MS = 5_000;

/** Rows of the outbox that could not be delivered. */
export function StuckRows({ state }: { state: StateView | undefined }) {
  const [rows, show] = useState<readonly StuckRow[] | undefined>(undefined);
  const [problem, tell] = useState<string | undefined>(undefined);
  const load = (): void => {
    stuckRows().then(
      (found) => {
        show(found);
        tell(undefined);
      },
      (error: Error) => tell(error.message),
    );
  };
  useEffect(() => {
    load();
    const timer = setInterval(load, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  const act = (row: StuckRow, action: 'retry' | 'discard'): void => {
    if (
      action === 'discard' &&
      !confirm(`Discard ${row.effect} (${row.id})? It will never get out.`)
    )
      return;
    deal(row.id, action).then(load, (error: Error) => tell(error.message));
  };
  if (problem !== undefined) {
    return (
      <p class="empty is-failed" role="alert">
        {problem}
      </p>
    );
  }
  if (rows === undefined) return <p class="empty">Looking …</p>;
  if (rows.length === 0) {
    return (
      <p class="empty">
        <strong>Nothing is stuck.</strong> Rows of the outbox that could not be delivered are listed
        here.
      </p>
    );
  }
  return (
    <ol class="effects stuck">
      {rows.map((row) => (
        <li key={row.id} class="effect is-failed">
          <div class="effect-head">
            <h4>{row.effect}</h4>
            <span class="badge is-failed">{counted(row.attempts, 'attempt')}</span>
          </div>
          <pre class="error">{row.error}</pre>
          <p class="hint">
            since {calendarText(row.since)} · <code class="id">{row.id}</code>
          </p>
          {state?.readOnly === false && (
            <p class="actions">
              <button type="button" class="button primary" onClick={() => act(row, 'retry')}>
                Retry<span class="hidden"> {row.effect}</span>
              </button>
              <button type="button" class="button danger" onClick={() => act(row, 'discard')}>
                Discard<span class="hidden"> {row.effect}</span>
              </button>
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}
