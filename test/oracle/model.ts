import { ALLOWS } from './policies.js';
import {
  type Call,
  firstOf,
  type Frame,
  type FrameEnd,
  type Leftover,
  leftoverAt,
  nameOf,
  type Node,
  reached,
  savepointAt,
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
  /** That of the innermost transaction. */
  readonly connection?: Connection;
  /** Where the transactions and savepoints around it began, the outermost first. */
  readonly frames: readonly Place[];
}

/** What the server knows: a statement belongs to the innermost savepoint, whoever sends it. */
interface Connection {
  /** What was called in the innermost transaction or savepoint that is open. */
  innermost: Effect[];
  hasCalls: boolean;
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
    const isThere = at.connection === undefined;
    const effect = {
      name,
      on,
      survives,
      hasRow,
      isAllowed: at.allows(name),
      isThere,
      isDue: false,
    };
    for (const list of [effects, at.scope, at.connection?.innermost]) list?.push(effect);
    if (at.connection !== undefined) at.connection.hasCalls = true;
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
      return call(made, path, true, { ...left, connection: undefined });
    const scope: Effect[] = [];
    if (does === 'calls in a scope') call(made, firstOf(path), false, { ...inside, scope });
    call(made, path, false, { ...left, scope });
    end(scope, true, left);
  };

  /**
   * @param meanwhile what is done once it is open, beside its body
   * @returns whether it commits
   */
  const frame = (node: Frame, at: Place, meanwhile = (): unknown => undefined): boolean => {
    const isSavepoint = node.kind === 'savepoint';
    const called: Effect[] = [];
    const connection = isSavepoint ? at.connection! : { innermost: called, hasCalls: false };
    const around = connection.innermost;
    connection.innermost = called;
    connection.hasCalls ||= node.leftovers.some(({ does }) => does === 'calls in a scope');
    const begun = { ...at, connection };
    const frames = [...at.frames, begun];
    meanwhile();
    const completes = node.body.every((child, index) =>
      walk(child, { ...begun, frames, path: `${at.path}.${index}` }),
    );
    connection.innermost = around;
    const commits = completes && node.end === 'commits';
    if (commits && isSavepoint) around.push(...called);
    else for (const effect of called) effect.isThere = commits;
    // The server is not asked about a transaction that has called no effect.
    const isUnheard = completes && seemToCommit.includes(node.end) && !connection.hasCalls;
    const seemsToCommit = commits || isUnheard;
    // What it has left running is a part of what was undone, or else stands in what is around.
    const left = seemsToCommit ? at : { ...at, connection: { innermost: [], hasCalls: false } };
    const inside = seemsToCommit && !isSavepoint ? { ...at, connection: undefined } : left;
    for (const [index, leftover] of node.leftovers.entries()) {
      outlive(leftover, leftoverAt(at.path, index), inside, left);
    }
    return commits;
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
        return all({
          allows: (name) => ALLOWS[node.policy](name) && at.allows(name),
        });
      case 'step': {
        const outer = node.by === 'handle' ? undefined : reached(node, at.frames);
        call(node, at.path, true, outer ?? at);
        return true;
      }
      case 'beside': {
        let completes = true;
        const place = { ...at, path: savepointAt(at.path) };
        const savepointCompletes = frame(node.savepoint, place, () => (completes = all()));
        return savepointCompletes && completes;
      }
      case 'transaction':
      case 'savepoint':
        return frame(node, at);
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

  const completes = walk(program, {
    path: '0',
    allows: () => true,
    frames: [],
  });
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
