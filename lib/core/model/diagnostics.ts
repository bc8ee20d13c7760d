import { channel } from 'node:diagnostics_channel';
import type { Policy } from './policy.js';
import type { Intent } from './intent.js';
import type { ScopeView } from './scope-view.js';

/** What every `airlock:*` message may carry. @publicApi */
export interface AirlockMessage {
  readonly scope: ScopeView | undefined;
  readonly intent?: Intent;
  /** `airlock:drop`: a `DropReason`; `airlock:scope`: the state entered. */
  readonly reason?: string;
  readonly policy?: Policy;
  readonly error?: unknown;
  /** Milliseconds the effect took, or the scope lived. Absent for what began before anybody listened. */
  readonly durationMs?: number;
}

/** The `node:diagnostics_channel` channels. Ask `hasSubscribers` before building a message. @internal */
export const channels = {
  enqueue: channel('airlock:enqueue'),
  dispatch: channel('airlock:dispatch'),
  drop: channel('airlock:drop'),
  fail: channel('airlock:fail'),
  scope: channel('airlock:scope'),
} as const;

/** @internal */
export function publish(name: keyof typeof channels, message: AirlockMessage): void {
  channels[name].publish(message);
}
