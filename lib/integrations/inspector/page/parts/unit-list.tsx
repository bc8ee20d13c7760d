import type { ComponentChildren } from 'preact';
import type { EffectState, UnitView } from '../../view/inspector.view.js';
import { type Tab, unitAddress } from '../address.js';
import { clockText, durationText, kinds, outcomeText, states } from '../words.js';
import { Icon } from './icons.js';
import { Sentence } from './sentence.js';

/** How many rows are in the page: a browser draws no more of them smoothly. */
const MOST_ROWS = 200;
/** How many sentences a row says; the unit itself says all. */
const MOST_SENTENCES = 2;

const empty: Readonly<Record<Tab, ComponentChildren>> = {
  units: (
    <>
      <strong>Nothing to see yet.</strong> A unit of work appears here once an effect is called in
      it: a request, a job, a message.
    </>
  ),
  failures: (
    <>
      <strong>Nothing has failed.</strong> Units of work that failed, and those with an effect that
      did, are listed here.
    </>
  ),
  outside: (
    <>
      <strong>No effect was called outside a scope.</strong> Where <code>outsideScope</code> lets
      them go on, they are listed here.
    </>
  ),
  stuck: null,
};

interface UnitListProps {
  units: readonly UnitView[];
  tab: Tab;
  selected: string | undefined;
  isLoading: boolean;
}

export function UnitList({ units, tab, selected, isLoading }: UnitListProps) {
  if (isLoading) return <p class="empty">Looking …</p>;
  if (units.length === 0) return <p class="empty">{empty[tab]}</p>;
  return (
    <>
      <ol class="units">
        {units.slice(0, MOST_ROWS).map((unit) => (
          <Row key={unit.id} unit={unit} isSelected={unit.id === selected} />
        ))}
      </ol>
      {units.length > MOST_ROWS && (
        <p class="empty">{units.length - MOST_ROWS} older ones: narrow the list to see them.</p>
      )}
    </>
  );
}

function Row({ unit, isSelected }: { unit: UnitView; isSelected: boolean }) {
  const told = unit.effects.filter(({ state }) => state === 'dropped' || state === 'failed');
  return (
    <li>
      <a
        class={`unit is-${toneOf(unit)}`}
        href={unitAddress(unit.id)}
        aria-current={isSelected ? 'true' : undefined}
      >
        <span class="unit-head">
          <span class="kind">{kinds[unit.kind] ?? unit.kind}</span>
          <span class="name">{unit.entryPoint}</span>
          <time dateTime={new Date(unit.startedAt).toISOString()}>{clockText(unit.startedAt)}</time>
        </span>
        <span class="unit-facts">
          <span class={`outcome is-${toneOf(unit)}`}>{outcomeText(unit)}</span>
          {unit.durationMs !== undefined && <span>{durationText(unit.durationMs)}</span>}
          <Tally unit={unit} />
        </span>
        {told.slice(0, MOST_SENTENCES).map((effect) => (
          <span key={effect.id} class={`told is-${effect.state}`}>
            <Icon of={effect.state} />
            <span>
              <code>{effect.name}</code> <Sentence of={effect.sentence} />
              {effect.error !== undefined && <span class="why"> {effect.error}</span>}
            </span>
          </span>
        ))}
        {told.length > MOST_SENTENCES && (
          <span class="told more">and {told.length - MOST_SENTENCES} more</span>
        )}
      </a>
    </li>
  );
}

/** How many effects stand where. */
function Tally({ unit }: { unit: UnitView }) {
  const counts = new Map<EffectState, number>();
  for (const { state } of unit.effects) counts.set(state, (counts.get(state) ?? 0) + 1);
  const inOrder = (Object.keys(states) as EffectState[]).filter((state) => counts.has(state));
  return (
    <span class="tally">
      {inOrder.map((state) => (
        <span key={state} class={`badge is-${state}`}>
          {counts.get(state)} {states[state]}
        </span>
      ))}
      {unit.more > 0 && <span class="badge">{unit.more} more</span>}
    </span>
  );
}

export function toneOf({ state, outcome }: Pick<UnitView, 'state' | 'outcome'>): string {
  if (state !== 'ended') return 'running';
  return outcome === 'completed' ? 'sent' : outcome === 'failed' ? 'failed' : 'dropped';
}
