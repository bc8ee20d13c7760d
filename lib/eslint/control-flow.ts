/** How control runs through a node where not simply through its children, one after the other. @internal */
export type Flow<N> =
  /** After the test, through one of the arms. */
  | { readonly runs: 'one'; readonly test: readonly N[]; readonly arms: readonly (readonly N[])[] }
  /** After the test, from one of the arms on to a `break`, or past all of them. */
  | { readonly runs: 'cases'; readonly test: readonly N[]; readonly arms: readonly (readonly N[])[] }
  | Loop<N>
  | { readonly runs: 'try'; readonly block: N; readonly handler: N | undefined; readonly finalizer: N | undefined }
  | { readonly runs: 'jump'; readonly to: string; readonly value: readonly N[] }
  | { readonly runs: 'labelled'; readonly label: string; readonly body: N };

/** Once through `before`; then, as often as it may be, through the body and `after`. */
interface Loop<N> {
  readonly runs: 'again';
  readonly before: readonly N[];
  readonly body: N;
  /** Where a `continue` leads. */
  readonly after: readonly N[];
}

/** What has to be known of a syntax tree. @internal */
export interface FlowTree<N> {
  childrenOf(node: N): readonly N[];
  flowOf(node: N): Flow<N> | undefined;
  /** Whether control waits at the end of a node. */
  isAwait(node: N): boolean;
}

/**
 * Ways out of a piece of code: where they lead (`next`, `throw`, `return`, `break`, `continue outer`), and whether somebody who
 * goes there may have waited before.
 */
type Exits = ReadonlyMap<string, boolean>;

/** The nodes that control may come to the end of after an `await`. @internal */
export function nodesAfterAwait<N>(nodes: readonly N[], tree: FlowTree<N>): ReadonlySet<N> {
  const walk = new Walk(tree);
  walk.all(nodes, false);
  return walk.late;
}

class Walk<N> {
  readonly late = new Set<N>();

  constructor(private readonly tree: FlowTree<N>) {}

  all(nodes: readonly N[], hasWaited: boolean): Exits {
    return nodes.reduce(
      (exits, node) => then(exits, 'next', (waited) => this.run(node, waited)),
      to('next', hasWaited),
    );
  }

  private run(node: N, hasWaited: boolean, labels: readonly string[] = []): Exits {
    const flow = this.tree.flowOf(node);
    const inside =
      flow === undefined ? this.all(this.tree.childrenOf(node), hasWaited) : this.through(flow, hasWaited, labels);
    return then(inside, 'next', (waited) => {
      if (waited) this.late.add(node);
      const after = waited || this.tree.isAwait(node);
      return join(to('next', after), to('throw', after));
    });
  }

  private through(flow: Flow<N>, start: boolean, labels: readonly string[]): Exits {
    switch (flow.runs) {
      case 'one':
        return then(this.all(flow.test, start), 'next', (tested) =>
          join(...flow.arms.map((arm) => this.all(arm, tested))),
        );
      case 'cases':
        return then(this.all(flow.test, start), 'next', (tested) => {
          const entry = to('next', tested);
          const enter = (exits: Exits, arm: readonly N[]): Exits =>
            then(join(exits, entry), 'next', (waited) => this.all(arm, waited));
          return redirect(join(entry, flow.arms.reduce(enter, entry)), 'break', 'next');
        });
      case 'again':
        return then(this.all(flow.before, start), 'next', (entered) =>
          redirect(join(to('next', entered), this.rounds(flow, entered, labels)), 'break', 'next'),
        );
      case 'try': {
        const { block, handler, finalizer } = flow;
        const tried = this.run(block, start);
        const caught = handler === undefined ? tried : then(tried, 'throw', (waited) => this.run(handler, waited));
        if (finalizer === undefined) return caught;
        return join(...[...caught].map(([where, waited]) => redirect(this.run(finalizer, waited), 'next', where)));
      }
      case 'jump':
        return redirect(this.all(flow.value, start), 'next', flow.to);
      case 'labelled':
        return redirect(this.run(flow.body, start, [...labels, flow.label]), `break ${flow.label}`, 'next');
    }
  }

  /** A further round tells more only if it starts after an `await` and the one before it did not. */
  private rounds(loop: Loop<N>, start: boolean, labels: readonly string[]): Exits {
    const body = this.run(loop.body, start);
    const continued = ['', ...labels.map((label) => ` ${label}`)].reduce(
      (exits, label) => redirect(exits, `continue${label}`, 'next'),
      body,
    );
    const ended = then(continued, 'next', (waited) => this.all(loop.after, waited));
    return !start && ended.get('next') === true ? join(ended, this.rounds(loop, true, labels)) : ended;
  }
}

function to(where: string, hasWaited: boolean): Exits {
  return new Map([[where, hasWaited]]);
}

function join(...all: readonly Exits[]): Exits {
  const joined = new Map<string, boolean>();
  for (const exits of all) {
    for (const [where, hasWaited] of exits) joined.set(where, hasWaited || joined.get(where) === true);
  }
  return joined;
}

/** Goes on where some exits lead; nothing changes if none does. */
function then(exits: Exits, where: string, goOn: (hasWaited: boolean) => Exits): Exits {
  const hasWaited = exits.get(where);
  if (hasWaited === undefined) return exits;
  const others = new Map(exits);
  others.delete(where);
  return join(others, goOn(hasWaited));
}

function redirect(exits: Exits, from: string, where: string): Exits {
  return then(exits, from, (hasWaited) => to(where, hasWaited));
}
