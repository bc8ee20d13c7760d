import { type Span, trace } from '@opentelemetry/api';
import { stampOf } from '../../core/model/intent.js';
import type { AirlockRuntime } from '../../core/runtime.js';
import { unitOf } from '../../core/scope/unit-of-work.js';

/**
 * Writes on the span that is active where a scope ends, such as that of a request, how it ended
 * (`nestjs_airlock.scope.outcome`), and where effects are dropped, how many and why
 * (`nestjs_airlock.dropped.policy`). What effects call in their turn is left out.
 *
 * @internal
 */
export function recordScopes(runtime: AirlockRuntime): void {
  const counts = new WeakMap<Span, Record<string, number>>();
  runtime.listen({
    scope({ scope, reason }) {
      const unit = reason === 'flushed' || reason === 'discarded' ? unitOf(scope) : undefined;
      // Only the outermost scope is of interest, and not one of an effect.
      if (unit?.outcome === undefined || unit.parent !== undefined || unit.level !== undefined)
        return;
      trace.getActiveSpan()?.setAttribute('nestjs_airlock.scope.outcome', unit.outcome);
    },
    drop({ intent, reason }) {
      const span = trace.getActiveSpan();
      if (span === undefined || stampOf(intent).birthplace.level !== undefined) return;
      const ofSpan = counts.get(span) ?? {};
      counts.set(span, ofSpan);
      ofSpan[reason] = (ofSpan[reason] ?? 0) + 1;
      span.setAttribute(`nestjs_airlock.dropped.${reason}`, ofSpan[reason]);
    },
  });
}
