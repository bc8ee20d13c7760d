import { executorOf, type Intent, stampOf } from '../../../core/model/intent.js';
import type { Executor } from '../../../core/model/executor.js';
import type { StampedFrame } from '../../../core/model/stamped-frame.js';
import type { EffectRecord, UnitRecord } from '../recording/unit-record.js';
import { attempted } from './attempts.js';
import type { EffectState, EffectView, TransactionView, UnitView } from './inspector.view.js';
import type { PolicyPlaces } from './policy-places.js';
import { nounsOf, sentenceFor } from './sentences.js';
import type { InspectedCall } from '../inspector.options.js';
import type { Redaction } from './redaction.js';
import type { ShownErrors } from './shown-errors.js';

const OUTSIDE = 'outside a scope';

/** Part of the view of a unit that concerns all its effects. */
type Facts = Pick<UnitView, 'entryPoint' | 'kind' | 'outcome'>;

/**
 * Makes views of records.
 *
 * @internal
 */
export class UnitViews {
  /** @param kinds the kinds of entry points by name, as `OrdersController.place` */
  constructor(
    private readonly kinds: ReadonlyMap<string, string>,
    private readonly places: PolicyPlaces,
    private readonly shownArguments: Redaction<InspectedCall>,
    private readonly shownErrors: ShownErrors,
  ) {}

  of(record: UnitRecord): UnitView {
    const { unit } = record;
    const entryPoint = unit.name ?? 'unnamed scope';
    const facts: Facts = {
      entryPoint,
      kind:
        this.kinds.get(entryPoint) ?? (entryPoint === OUTSIDE ? 'outside' : kindByName(entryPoint)),
      ...(unit.outcome !== undefined && { outcome: unit.outcome }),
    };
    return {
      ...facts,
      ...(unit.outcome === 'failed' && unit.failedBy !== undefined && { failedBy: unit.failedBy }),
      id: unit.id,
      startedAt: record.startedAt,
      state: !unit.isEnded ? 'open' : record.isAtRest ? 'ended' : 'ending',
      ...(record.durationMs !== undefined && { durationMs: record.durationMs }),
      transactions: [...record.transactions, ...transactionsOf(record)],
      effects: [
        ...record.settled,
        ...record.effects.map((effect) => this.effectOf(effect, record, facts)),
      ],
      more: record.more,
    };
  }

  private effectOf(record: EffectRecord, { unit: root }: UnitRecord, unit: Facts): EffectView {
    const { intent, policy, reason, error, durationMs, place, attempt } = record;
    const { frame, on } = stampOf(intent);
    const runner = executorOf(intent);
    const state = stateOf(record);
    const executor = executorName(runner, intent);
    const [, handler] = nounsOf(unit.kind);
    const sentence = sentenceFor({
      state,
      reason,
      policy: policy && {
        name: policy.constructor.name,
        place: this.places.of(policy, unit.entryPoint, handler),
      },
      on,
      executor,
      isRemote: runner.remote === true,
      transaction: frame?.root.name,
      isCommitted: frame?.fate !== 'open',
      unit,
    });
    if (record.args === null)
      record.args = this.shownArguments.of(intent.name, { name: intent.name, args: intent.args });
    const { args } = record;
    const jobId = state === 'sent' ? runner.jobIdOf?.(intent) : undefined;
    const view: EffectView = {
      id: intent.id,
      name: intent.name,
      state,
      sentence,
      executor,
      ...(reason !== undefined && { reason }),
      ...(policy !== undefined && { policy: policy.constructor.name }),
      ...(jobId !== undefined && { jobId }),
      ...(state === 'failed' && { error: this.shownErrors.of(intent.name, error) }),
      ...(durationMs !== undefined && { durationMs }),
      ...(place !== undefined && { place }),
      ...(record.unit !== root && { within: record.unit.label }),
      ...(args !== undefined && { args }),
    };
    return attempt === undefined ? view : attempted(view, attempt);
  }
}

/** Tells the kind of a unit of work that no entry point of Nest has opened, by its name. */
function kindByName(entryPoint: string): string {
  if (/^\w+ request$/.test(entryPoint)) return 'http';
  return entryPoint.startsWith('effect ') ? 'worker' : 'scope';
}

function stateOf({ fate, unit }: EffectRecord): EffectState {
  if (fate !== 'open') return fate;
  return unit.isEnded && unit.heir() === undefined ? 'waiting' : 'buffered';
}

function executorName(executor: Executor, intent: Intent): string {
  const { name } = executor.constructor;
  const type =
    executor.remote !== true && (name === 'Object' || name === 'InProcessExecutor')
      ? 'in process'
      : name;
  return intent.executor === undefined ? type : `${intent.executor} (${type})`;
}

function transactionsOf({ effects }: UnitRecord): readonly TransactionView[] {
  const roots = new Set<StampedFrame>();
  for (const { intent } of effects) {
    const frame = stampOf(intent).frame;
    if (frame !== undefined) roots.add(frame.root);
  }
  return [...roots].map(({ name, fate }) => ({ name, fate }));
}
