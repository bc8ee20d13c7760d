import type * as ts from 'typescript';
import { AIRLOCK } from './airlock-calls.js';
import type { Call } from './estree.js';
import { type Callbacks, callbacksOf, latest, type Timing } from './timing.js';
import type { TypeInformation } from './type-information.js';

/** The fields that tell the kinds of TypeScript's nodes: the numbers of kinds differ by version. */
interface TsNode extends ts.Node {
  readonly parent: TsNode;
  readonly text?: string;
  readonly name?: TsNode;
  readonly expression?: TsNode;
  readonly arguments?: readonly TsNode[];
  readonly parameters?: readonly TsNode[];
  readonly body?: TsNode;
  readonly modifiers?: readonly TsNode[];
  readonly moduleSpecifier?: TsNode;
  readonly statement?: TsNode;
}

/** Innermost call and outermost loop, within one function, that a node is in. */
interface Place {
  readonly call?: TsNode;
  readonly loop?: TsNode;
}

interface Findings {
  readonly effects: { readonly at: number; readonly timing: Timing }[];
  /**
   * Position in the text from which the function has waited; a loop that waits does so from its
   * start.
   */
  waitsFrom: number;
}

/**
 * Finds effects that functions in other files call, by the type checker. The order of the text
 * tells whether an effect comes after an `await`, since the linter has code paths for the current
 * file only.
 *
 * @internal
 */
export class EffectsElsewhere {
  private readonly known = new Map<TsNode, Timing>();

  constructor(private readonly types: TypeInformation) {}

  isEffect(call: Call): boolean {
    return isDecorated(this.functionOf(call), 'SideEffect');
  }

  timingOfCall(call: Call): Timing {
    return this.timingOf(this.functionOf(call));
  }

  functionOf(call: Call): TsNode | undefined {
    return this.calledBy(this.types.tsNode(call) as TsNode);
  }

  private calledBy(call: TsNode): TsNode | undefined {
    const declaration = this.types.checker.getResolvedSignature(
      call as ts.CallExpression,
    )?.declaration;
    const fn = declaration as TsNode | undefined;
    return fn !== undefined && isFunction(fn) ? fn : undefined;
  }

  private timingOf(fn: TsNode | undefined): Timing {
    if (fn === undefined) return 'none';
    const known = this.known.get(fn);
    if (known !== undefined) return known;
    this.known.set(fn, 'none');
    const findings: Findings = { effects: [], waitsFrom: Infinity };
    if (!isDecorated(fn, 'SideEffect', 'Airlock')) this.collect(fn, {}, findings);
    const { effects, waitsFrom } = findings;
    const timing = latest(
      effects.map((effect) => (effect.at > waitsFrom ? 'late' : effect.timing)),
    );
    this.known.set(fn, timing);
    return timing;
  }

  private collect(node: TsNode, place: Place, findings: Findings): void {
    node.forEachChild((each) => {
      const child = each as TsNode;
      const add = (call: TsNode, timing: Timing): void => {
        if (timing !== 'none') findings.effects.push({ at: call.getEnd(), timing });
      };
      if (isFunction(child)) {
        if (place.call !== undefined) add(place.call, this.timingOfCallback(child, place.call));
        return;
      }
      if (isAwait(child)) {
        const start = place.loop?.getStart() ?? child.getEnd();
        findings.waitsFrom = Math.min(findings.waitsFrom, start);
      }
      if (isCall(child))
        add(child, this.buffers(child) ? 'early' : this.timingOf(this.calledBy(child)));
      const loop = place.loop ?? (isLoop(child) ? child : undefined);
      this.collect(child, { call: isCall(child) ? child : place.call, loop }, findings);
    });
  }

  private timingOfCallback(fn: TsNode, call: TsNode): Timing {
    const run = this.callbacksOf(call);
    const timing = run === 'never' ? 'none' : this.timingOf(fn);
    return run === 'later' && timing === 'early' ? 'late' : timing;
  }

  private callbacksOf(call: TsNode): Callbacks {
    if (this.buffers(call) || this.opensScope(call)) return 'never';
    if (this.calledBy(call) !== undefined) return 'now';
    const name = nameOf(call.expression!);
    // Objects other than promises, such as workers and observables, call the function later.
    const isNew = call.expression!.getStart() > call.getStart();
    return isNew && name !== 'Promise' ? 'never' : callbacksOf(name);
  }

  private buffers(call: TsNode): boolean {
    if (this.isOneOf(call, ['enqueue', 'enqueueWith'], ['EffectBuffer'])) return true;
    return (
      this.ownersIn(call).includes('Deferred') || isDecorated(this.calledBy(call), 'SideEffect')
    );
  }

  private opensScope(call: TsNode): boolean {
    return this.isOneOf(call, ['run', 'runInScope'], ['AirlockService', 'EffectScope']);
  }

  private isOneOf(call: TsNode, names: readonly string[], owners: readonly string[]): boolean {
    if (!names.includes(nameOf(call.expression!) ?? '')) return false;
    if (this.ownersIn(call).some((owner) => owners.includes(owner))) return true;
    const [symbol] = this.types.checker.getSymbolAtLocation(call.expression!)?.declarations ?? [];
    let declaration = symbol as TsNode | undefined;
    while (declaration !== undefined && declaration.moduleSpecifier === undefined)
      declaration = declaration.parent;
    return declaration?.moduleSpecifier?.text === AIRLOCK;
  }

  /** The types of what a method is called on. */
  private ownersIn({ expression: callee }: TsNode): readonly string[] {
    const owner = callee!.name === undefined ? undefined : callee!.expression;
    return (owner && this.types.namesAtTs(owner)) ?? [];
  }
}

function isCall(node: TsNode): boolean {
  return node.expression !== undefined && node.arguments !== undefined;
}

function isFunction(node: TsNode): boolean {
  return node.parameters !== undefined && node.body !== undefined;
}

function isLoop({ statement, name, body }: TsNode): boolean {
  return statement !== undefined && name === undefined && body === undefined;
}

/**
 * True for what starts with `await` or `yield`; of such nodes the first to end is the expression
 * itself.
 */
function isAwait(node: TsNode): boolean {
  const word = /(?:await|yield)\b/y;
  word.lastIndex = node.getStart();
  return word.test(node.getSourceFile().text);
}

function nameOf(callee: TsNode): string | undefined {
  return (callee.name ?? callee).text;
}

/** Decorators are those modifiers that are expressions. */
function isDecorated(fn: TsNode | undefined, ...names: readonly string[]): boolean {
  return (fn?.modifiers ?? []).some(({ expression }) => {
    if (expression === undefined) return false;
    return names.includes(nameOf(isCall(expression) ? expression.expression! : expression) ?? '');
  });
}
