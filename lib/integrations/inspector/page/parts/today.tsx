import type { StateView } from '../../view/inspector.view.js';
import { listAddress, NO_FILTERS } from '../address.js';
import { reasonText } from '../words.js';

/** What became of effects since midnight; each figure leads to the units of work behind it. */
export function Today({ state }: { state: StateView | undefined }) {
  const { sent = 0, failed = 0, dropped = {} } = state?.totals ?? {};
  const reasons = Object.entries(dropped).sort(([, a], [, b]) => b - a);
  const droppedInAll = reasons.reduce((sum, [, count]) => sum + count, 0);
  const atWork = state?.units.filter((unit) => unit.state !== 'ended').length ?? 0;
  return (
    <section class="today" aria-label="Effects today">
      <Figure
        label="out today"
        value={sent}
        tone="sent"
        href={listAddress('units', { ...NO_FILTERS, state: 'sent' })}
      />
      <div class={`figure is-dropped ${droppedInAll === 0 ? 'is-none' : ''}`}>
        <a href={listAddress('units', { ...NO_FILTERS, state: 'dropped' })}>
          <b>{droppedInAll.toLocaleString()}</b> dropped today
        </a>
        {reasons.length > 0 && (
          <ul class="reasons" aria-label="Dropped today, by reason">
            {reasons.map(([reason, count]) => (
              <li key={reason}>
                <a class="chip" href={listAddress('units', { ...NO_FILTERS, reason })}>
                  {reasonText(reason)} <b>{count.toLocaleString()}</b>
                </a>
              </li>
            ))}
          </ul>
        )}
      </div>
      <Figure label="failed today" value={failed} tone="failed" href={listAddress('failures')} />
      <Figure label="at work now" value={atWork} tone="running" />
    </section>
  );
}

function Figure({
  label,
  value,
  tone,
  href,
}: {
  label: string;
  value: number;
  tone: string;
  href?: string;
}) {
  const text = (
    <>
      <b>{value.toLocaleString()}</b> {label}
    </>
  );
  return (
    <div class={`figure is-${value === 0 ? 'none' : tone}`}>
      {href === undefined ? <span>{text}</span> : <a href={href}>{text}</a>}
    </div>
  );
}
