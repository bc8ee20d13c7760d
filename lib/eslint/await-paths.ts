import type { TSESLint } from '@typescript-eslint/utils';
import { ancestorsOf, is, isFunction, type Node, type NodeOf } from './estree.js';
import { nodesIn, type SourceCode } from './rule.js';

type Segment = TSESLint.CodePathSegment;

/** One function while it is walked through. */
interface Path {
  readonly outer: Path | undefined;
  /** Segments that control may be in at the current node. */
  readonly current: Set<Segment>;
  readonly waiting: Set<Segment>;
  /** Calls without an `await` before them in the same segment. */
  readonly open: (readonly [call: Node, segment: Segment])[];
}

/**
 * Finds the calls that may run after an `await` of the same function, by the code paths of ESLint
 * and oxlint.
 * @internal
 */
export class AwaitPaths {
  /** Complete when the whole file has been walked through. */
  readonly callsAfterAwait = new Set<Node>();
  private path: Path | undefined;

  constructor(private readonly code: SourceCode) {}

  /** Listeners to merge into those of a rule. */
  readonly listeners = {
    onCodePathStart: (): void => {
      this.path = { outer: this.path, current: new Set(), waiting: new Set(), open: [] };
    },
    onCodePathSegmentStart: (segment: Segment): void => void this.path!.current.add(segment),
    onCodePathSegmentEnd: (segment: Segment): void => void this.path!.current.delete(segment),
    onCodePathEnd: (): void => {
      const { outer, waiting, open } = this.path!;
      const late = segmentsAfter(waiting);
      for (const [call, segment] of open) if (late.has(segment)) this.callsAfterAwait.add(call);
      this.path = outer;
    },
    // A failed `await` leads here; the code paths contain failed calls only.
    CatchClause: ({ parent }: NodeOf<'CatchClause'>): void => {
      if (this.waitsIn(parent.block)) this.wait();
    },
    'BreakStatement, ContinueStatement': (node: Node): void => {
      if (this.jumpWaits(node)) this.wait();
    },
    '*:exit': (node: Node): void => {
      if (is(node, 'CallExpression', 'NewExpression')) this.call(node);
      if (isAwait(node)) this.wait();
    },
  };

  private wait(): void {
    for (const segment of this.path!.current) this.path!.waiting.add(segment);
  }

  private call(node: Node): void {
    const { current, waiting, open } = this.path!;
    for (const segment of current) {
      if (waiting.has(segment)) this.callsAfterAwait.add(node);
      else open.push([node, segment]);
    }
  }

  private waitsIn(node: Node): boolean {
    return [...nodesIn(node, this.code, (inner) => !isFunction(inner))].some(isAwait);
  }

  /** Adds the `finally` blocks that a jump goes through: code paths leave them out. */
  private jumpWaits(jump: Node): boolean {
    for (const ancestor of ancestorsOf(jump)) {
      if (isFunction(ancestor)) return false;
      if (is(ancestor, 'TryStatement') && ancestor.finalizer && this.waitsIn(ancestor.finalizer))
        return true;
    }
    return false;
  }
}

function segmentsAfter(segments: Iterable<Segment>): ReadonlySet<Segment> {
  const after = new Set([...segments].flatMap(({ nextSegments }) => nextSegments));
  // The loop also visits what is added to the set meanwhile.
  for (const segment of after) for (const next of segment.nextSegments) after.add(next);
  return after;
}

function isAwait(node: Node): boolean {
  // The code after a `yield` runs when somebody asks for more.
  if (is(node, 'AwaitExpression', 'YieldExpression')) return true;
  // `await using` waits where its block ends.
  if (is(node, 'BlockStatement')) {
    return node.body.some(
      (statement) => is(statement, 'VariableDeclaration') && statement.kind === 'await using',
    );
  }
  return is(node.parent, 'ForOfStatement') && node.parent.await && node.parent.right === node;
}
