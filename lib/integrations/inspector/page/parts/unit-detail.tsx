import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { TransactionView, UnitView } from '../../view/inspector.view.js';
import { calendarText, counted, durationText, kinds, outcomeText } from '../words.js';
import { EffectCard } from './effect-card.js';
import { Icon } from './icons.js';
import { toneOf } from './unit-list.js';

const fates: Readonly<Record<TransactionView['fate'], string>> = {
  open: 'still open',
  committed: 'committed',
  rolledBack: 'rolled back',
};

interface UnitDetailProps {
  id: string;
  unit: UnitView | undefined;
  isLoading: boolean;
  /** The address of the list that it was found in. */
  back: string;
  showsArguments: boolean;
}

export function UnitDetail({ id, unit, isLoading, back, showsArguments }: UnitDetailProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Who has followed a link by the keyboard goes on reading here.
  useEffect(() => heading.current?.focus(), [id, unit === undefined]);
  useEffect(() => onEscape(() => location.assign(back)), [back]);
  return (
    <>
      <a class="back" href={back}>
        <Icon of="back" /> Back to the list
      </a>
      {unit === undefined ? (
        <p class="empty">
          {isLoading ? (
            'Looking …'
          ) : (
            <>
              <strong>This unit of work is not kept any more.</strong> The inspector keeps the last
              ones only (<code>capacity</code>), and forgets them with the process.
            </>
          )}
        </p>
      ) : (
        <article>
          <header class="unit-title">
            <span class="kind">{kinds[unit.kind] ?? unit.kind}</span>
            <h2 ref={heading} tabIndex={-1}>
              {unit.entryPoint}
            </h2>
          </header>
          <Facts unit={unit} />
          <h3>{counted(unit.effects.length + unit.more, 'effect')}</h3>
          <ol class="effects">
            {unit.effects.map((effect) => (
              <EffectCard key={effect.id} effect={effect} showsArguments={showsArguments} />
            ))}
          </ol>
          {unit.more > 0 && (
            <p class="empty">and {unit.more} more, which the inspector has counted and not kept.</p>
          )}
        </article>
      )}
    </>
  );
}

function Facts({ unit }: { unit: UnitView }) {
  return (
    <dl class="facts">
      <Fact term="Outcome">
        <span class={`outcome is-${toneOf(unit)}`}>{outcomeText(unit)}</span>
      </Fact>
      <Fact term="Started">
        <time dateTime={new Date(unit.startedAt).toISOString()}>
          {calendarText(unit.startedAt)}
        </time>
      </Fact>
      {unit.durationMs !== undefined && <Fact term="Took">{durationText(unit.durationMs)}</Fact>}
      <Fact term={unit.transactions.length > 1 ? 'Transactions' : 'Transaction'}>
        {unit.transactions.length === 0
          ? 'none'
          : unit.transactions.map(({ name, fate }, index) => (
              <span key={index} class={`transaction is-${fate}`}>
                {name}: {fates[fate]}
              </span>
            ))}
      </Fact>
      <Fact term="Id">
        <code class="id">{unit.id}</code>
      </Fact>
    </dl>
  );
}

function Fact({ term, children }: { term: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function onEscape(fn: () => void): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && !(event.target as HTMLElement).matches('input, select')) fn();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}
