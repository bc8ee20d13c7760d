import type { EffectState, UnitView } from '../view/inspector.view.js';

export const states: Readonly<Record<EffectState, string>> = {
  buffered: 'kept in',
  waiting: 'waiting',
  sent: 'out',
  dropped: 'dropped',
  failed: 'failed',
};

export const reasons: Readonly<Record<string, string>> = {
  policy: 'a policy said no',
  outcome: 'outcome of the work',
  failFast: 'one before it failed',
  discarded: 'discarded by hand',
  rollback: 'rolled back',
  duplicate: 'duplicate',
  retry: 'handler ran again',
  outsideScope: 'outside a scope',
  late: 'called too late',
  refused: 'refused outside a scope',
};

export const kinds: Readonly<Record<string, string>> = {
  http: 'HTTP',
  rpc: 'RPC',
  ws: 'WebSocket',
  graphql: 'GraphQL',
  bullmq: 'BullMQ',
  schedule: 'cron',
  'event-emitter': 'event',
  cqrs: 'CQRS',
  commander: 'command',
  scope: 'scope',
  worker: 'worker',
  outside: 'no scope',
};

export function reasonText(reason: string): string {
  return reasons[reason] ?? reason;
}

/** Says in a word what a unit of work has come to. */
export function outcomeText({
  state,
  outcome,
  failedBy,
}: Pick<UnitView, 'state' | 'outcome' | 'failedBy'>): string {
  if (state === 'open') return 'at work';
  const how = failedBy === undefined ? (outcome ?? 'ended') : `failed (${failedBy})`;
  return state === 'ending' ? `${how}, effects under way` : how;
}

export function durationText(ms: number): string {
  if (ms < 1) return '< 1 ms';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export function clockText(at: number): string {
  return clock.format(at);
}

export function calendarText(at: number): string {
  return calendar.format(at);
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}
