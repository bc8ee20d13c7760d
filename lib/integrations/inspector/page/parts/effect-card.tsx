import type { ComponentChildren } from 'preact';
import type { EffectView } from '../../view/inspector.view.js';
import { durationText, states } from '../words.js';
import { Icon } from './icons.js';
import { Sentence } from './sentence.js';

export function EffectCard({
  effect,
  showsArguments,
}: {
  effect: EffectView;
  showsArguments: boolean;
}) {
  const { name, state, sentence, error, executor, durationMs, place, within, args, id } = effect;
  const { jobId, attempts } = effect;
  return (
    <li class={`effect is-${state}`}>
      <div class="effect-head">
        <Icon of={state} />
        <h4>{name}</h4>
        <span class={`badge is-${state}`}>{states[state]}</span>
      </div>
      <p class="sentence">
        <Sentence of={sentence} />
      </p>
      {error !== undefined && <pre class="error">{error}</pre>}
      <dl class="facts small">
        <Fact term="Executor">{executor}</Fact>
        {durationMs !== undefined && <Fact term="Took">{durationText(durationMs)}</Fact>}
        {within !== undefined && <Fact term="Called in">{within}</Fact>}
        {place !== undefined && (
          <Fact term="Called at">
            <code>{place}</code>
          </Fact>
        )}
        {jobId !== undefined && (
          <Fact term="Job">
            <code class="id">{jobId}</code>
          </Fact>
        )}
        {attempts !== undefined && <Fact term="Attempts">{attempts}</Fact>}
        <Fact term="Id">
          <code class="id">{id}</code>
        </Fact>
      </dl>
      {args !== undefined && (
        <details>
          <summary>Arguments</summary>
          <pre>{args}</pre>
        </details>
      )}
      {args === undefined && showsArguments && <p class="hint">Arguments: redacted.</p>}
    </li>
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
