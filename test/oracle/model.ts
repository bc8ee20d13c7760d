import { ALLOWS } from './policies.js';
import {
  type Call,
  firstOf,
  type FrameEnd,
  type Leftover,
  leftoverAt,
  nameOf,
  type Node,
  type Step,
} from './program.js';

/** What a program comes to. */
export interface Verdict {
  readonly completes: boolean;
  /** The rows that are there in the end, and the effects that got out, by name. */
  readonly rows: readonly string[];
  readonly out: readonly string[];
}

interface Effect {
  readonly name: string;
  readonly isAllowed: boolean;
  readonly survives: boolean;
  on: Step['on'];
  readonly hasRow: boolean;
  /** Whether its row is there for good, or would be. */
  isThere: boolean;
  /** Whether its scopes let it out. */
  isDue: boolean;
}

interface Place {
  readonly path: string;
  readonly allows: (name: string) => boolean;
  /** What was called in the innermost scope. */
  readonly scope?: Effect[];
  /** What was called in the innermost transaction or savepoint. */
  readonly frame?: Effect[];
  /** The innermost transaction. */
  readonly transaction?: { hasCalls: boolean };
}

/** What clients differ in. */
export interface ClientFacts {
  /** Whether it ends no transaction but by a rollback after a deadlock in a savepoint. */
  readonly losesSavepoints?: boolean;
}

/**
 * The reference: what a program comes to by the rules alone, knowing nothing of connections,
 * buffers or time.
 */
export function verdictOf(program: Node, { losesSavepoints }: ClientFacts = {}): Verdict {
  const effects: Effect[] = [];
  const seemToCommit: readonly FrameEnd[] =
    losesSavepoints === true ? ['deadlocks'] : ['deadlocks', 'deadlocks in a savepoint'];

  /** Something in a frame is not there before that commits. */
  const call = (made: Call, path: string, hasRow: boolean, at: Place): void => {
    const { on, survives } = made;
    const name = nameOf(made, path);
    const isThere = at.frame === undefined;
    const effect = {
      name,
      on,
      survives,
      hasRow,
      isAllowed: at.allows(name),
      isThere,
      isDue: false,
    };
    for (const list of [effects, at.scope, at.frame]) list?.push(effect);
    if (at.transaction !== undefined) at.transaction.hasCalls = true;
  };

  /** The end of a nested scope, or of the outermost. */
  const end = (scope: readonly Effect[], completes: boolean, around: Place): void => {
    for (const effect of scope) {
      effect.isDue = effect.on === 'always' || (effect.on === 'success') === completes;
      if (completes || effect.isDue) around.scope?.push(effect);
      if (!completes) effect.on = 'success';
    }
  };

  /**
   * A branch that goes on after the frame in which it was begun.
   *
   * @param inside that frame, as it ended
   * @param left what stands around the branch afterwards
   */
  const outlive = (
    { does, call: made }: Leftover,
    path: string,
    inside: Place,
    left: Place,
  ): void => {
    if (does === 'calls') return call(made, path, false, left);
    if (does === 'begins a transaction')
      return call(made, path, true, { ...left, frame: undefined });
    const scope: Effect[] = [];
    if (does === 'calls in a scope') call(made, firstOf(path), false, { ...inside, scope });
    call(made, path, false, { ...left, scope });
    end(scope, true, left);
  };

  /** @returns whether the statement completes */
  const walk = (node: Node, at: Place): boolean => {
    const all = (inside: Partial<Place> = {}): boolean =>
      bodyOf(node).every((child, index) =>
        walk(child, { ...at, ...inside, path: `${at.path}.${index}` }),
      );
    switch (node.kind) {
      case 'failure':
        return false;
      case 'swallow':
        return all() || true;
      case 'parallel':
        return !node.branches
          .map((branch, index) => walk(branch, { ...at, path: `${at.path}.${index}` }))
          .includes(false);
      case 'narrowing':
        return all({ allows: (name) => ALLOWS[node.policy](name) && at.allows(name) });
      case 'step': {
        call(node, at.path, true, at);
        return true;
      }
      case 'transaction':
      case 'savepoint': {
        const frame: Effect[] = [];
        const transaction = {
          hasCalls: node.leftovers.some(({ does }) => does === 'calls in a scope'),
        };
        const completes = all(node.kind === 'savepoint' ? { frame } : { frame, transaction });
        const commits = completes && node.end === 'commits';
        if (commits && node.kind === 'savepoint') at.frame!.push(...frame);
        else for (const effect of frame) effect.isThere = commits;
        // The server is not asked about a transaction that has called no effect.
        const isUnheard = completes && seemToCommit.includes(node.end) && !transaction.hasCalls;
        const seemsToCommit = commits || isUnheard;
        // What it has left running is a part of what was undone, or else stands in what is around.
        const left = seemsToCommit ? at : { ...at, frame: [], transaction: undefined };
        const inside =
          seemsToCommit && node.kind === 'transaction'
            ? { ...at, frame: undefined, transaction: undefined }
            : left;
        for (const [index, leftover] of node.leftovers.entries()) {
          outlive(leftover, leftoverAt(at.path, index), inside, left);
        }
        return commits;
      }
      case 'scope': {
        const scope: Effect[] = [];
        const completes = all({
          scope,
          allows: (name) => ALLOWS[node.policy](name) && at.allows(name),
        });
        end(scope, completes, at);
        return completes;
      }
    }
  };

  const completes = walk(program, { path: '0', allows: () => true });
  const rows = effects.filter(({ isThere, hasRow }) => isThere && hasRow);
  const out = effects.filter(
    ({ isDue, isAllowed, isThere, survives }) => isDue && isAllowed && (isThere || survives),
  );
  return { completes, rows: namesOf(rows), out: namesOf(out) };
}

function bodyOf(node: Node): readonly Node[] {
  return 'body' in node ? node.body : [];
}

function namesOf(effects: readonly Effect[]): string[] {
  return effects.map(({ name }) => name).toSorted();
}
