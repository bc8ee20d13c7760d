import { Gate } from '../../../lib/testing/contracts/until.js';
import { currentScope } from '../../../lib/core/functions.js';
import type { ScopeView } from '../../../lib/core/model/scope-view.js';
import { turn, waitFor } from './wait-for.js';

/** Call of an entry point, and what has become of it. */
export class CallRecord {
  /** Result or error that the caller got. */
  ending: unknown;
  /** Names of the scopes around the handler, innermost first; undefined until it was called. */
  scopes: readonly (string | undefined)[] | undefined;
  /** Effects that got out, in order. */
  readonly out: string[] = [];
  readonly dropped: string[] = [];
  readonly failed: string[] = [];
  /** Names in the buffer, as the handler saw it. */
  readonly saw: string[] = [];
  /** Results of calls that were made too late. */
  readonly answers: unknown[] = [];
  /** Number of its effects that were neither dispatched nor dropped. */
  pending = 0;
  readonly #gate = new Gate();
  readonly #underway = new Gate();
  private outliving: readonly ScopeView[] = [];
  private scope: ScopeView | undefined;
  private hasEnded = false;

  constructor(readonly id: string) {}

  /** Resolves once a handler that waits may go on. */
  get gate(): Promise<void> {
    return this.#gate.opened;
  }

  /** Resolves once the handler is in the middle of its work. */
  get underway(): Promise<void> {
    return this.#underway.opened;
  }

  begin(): void {
    this.scope = currentScope();
    const names: (string | undefined)[] = [];
    for (let scope = this.scope; scope !== undefined; scope = scope.parent) names.push(scope.name);
    this.scopes = names;
  }

  isUnderway(): void {
    this.#underway.open();
  }

  end(): void {
    this.hasEnded = true;
  }

  /** Lets a handler that waits go on. */
  open(): void {
    this.#gate.open();
  }

  /** Notes that the current scope may end after the handler's own. */
  outlives(): void {
    const scope = currentScope();
    if (scope !== undefined) this.outliving = [scope];
  }

  /** Effect that notes its run, and takes a moment. */
  readonly tell = async (_id: string, name: string): Promise<void> => {
    await turn();
    this.out.push(name);
  };

  try(call: () => void): void {
    try {
      call();
      this.answers.push('no error');
    } catch (error) {
      this.answers.push(error);
    }
  }

  /** Resolves once the handler was called and has ended, and with it its scope. */
  async handled(): Promise<void> {
    await waitFor('its handler to be called', () => this.scopes !== undefined);
    await waitFor('its handler to end', () => this.hasEnded);
    await waitFor('its scope to end', () => this.scope === undefined || isEnded(this.scope));
  }

  /** Resolves once a call that was made too late has been answered. */
  async answered(): Promise<void> {
    await waitFor('a late call', () => this.answers.length > 0);
  }

  /** Resolves once every effect has an end as well. */
  async settled(): Promise<void> {
    await this.handled();
    await waitFor('the scope it left behind to end', () => this.outliving.every(isEnded));
    await waitFor('its effects to end', () => this.pending === 0);
  }
}

function isEnded({ state }: ScopeView): boolean {
  return state === 'flushed' || state === 'discarded';
}
