import { currentScope } from '../../core/functions.js';
import type { ScopeView } from '../../core/model/scope-view.js';
import { turn, until } from './until.js';

/** One call of an entry point, and what has become of it. @internal */
export class Task {
  /** What the caller saw. */
  ending: unknown;
  /** The names of the scopes the handler stood in, innermost first; undefined until it was called. */
  scopes: readonly (string | undefined)[] | undefined;
  /** The effects that got out, in order. */
  readonly out: string[] = [];
  readonly dropped: string[] = [];
  readonly failed: string[] = [];
  /** The buffer, as the handler saw it. */
  readonly saw: string[] = [];
  /** What came of a call that was made too late. */
  readonly answers: unknown[] = [];
  /** How many of its effects have neither got out nor been given up. */
  pending = 0;
  readonly gate: Promise<void>;
  readonly underway: Promise<void>;
  private outliving: readonly ScopeView[] = [];
  private scope: ScopeView | undefined;
  private hasEnded = false;
  private opened!: () => void;
  private begun!: () => void;

  constructor(readonly id: string) {
    this.gate = new Promise((resolve) => (this.opened = resolve));
    this.underway = new Promise((resolve) => (this.begun = resolve));
  }

  begin(): void {
    this.scope = currentScope();
    const names: (string | undefined)[] = [];
    for (let scope = this.scope; scope !== undefined; scope = scope.parent) names.push(scope.name);
    this.scopes = names;
  }

  isUnderway(): void {
    this.begun();
  }

  end(): void {
    this.hasEnded = true;
  }

  /** Lets a handler that waits go on. */
  open(): void {
    this.opened();
  }

  /** The scope at hand may end after the handler's own. */
  outlives(): void {
    const scope = currentScope();
    if (scope !== undefined) this.outliving = [scope];
  }

  /** An effect that tells of itself, and takes its time. */
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
    await until('its handler to be called', () => this.scopes !== undefined);
    await until('its handler to end', () => this.hasEnded);
    await until('its scope to end', () => this.scope === undefined || isEnded(this.scope));
  }

  /** Resolves once a call that was made too late has been answered. */
  async answered(): Promise<void> {
    await until('a late call', () => this.answers.length > 0);
  }

  /** Resolves once every effect has an end as well. */
  async settled(): Promise<void> {
    await this.handled();
    await until('the scope it left behind to end', () => this.outliving.every(isEnded));
    await until('its effects to end', () => this.pending === 0);
  }
}

function isEnded({ state }: ScopeView): boolean {
  return state === 'flushed' || state === 'discarded';
}
