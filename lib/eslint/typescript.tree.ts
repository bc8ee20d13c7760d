import { AIRLOCK } from './airlock-calls.js';
import type { Deed, SyntaxTree } from './effect-timing.js';
import { namedDeed } from './named-deeds.js';
import type { TsNode, TypeInformation } from './type-information.js';

/** All files of the program, by what the type checker knows. Kinds are told by shape: their numbers differ by version. @internal */
export class TypeScriptTree implements SyntaxTree<TsNode> {
  constructor(private readonly types: TypeInformation) {}

  childrenOf(node: TsNode): readonly TsNode[] {
    const children: TsNode[] = [];
    node.forEachChild((child) => void children.push(child));
    return children;
  }

  rangeOf(node: TsNode): readonly [number, number] {
    return [node.getStart(), node.end];
  }

  kindOf(node: TsNode): 'await' | 'call' | 'function' | 'loop' | 'other' {
    if (node.expression !== undefined && node.arguments !== undefined) return 'call';
    if (node.parameters !== undefined && node.body !== undefined) return 'function';
    if (node.statement !== undefined && node.label === undefined) return 'loop';
    const { parent } = node;
    if (parent?.awaitModifier !== undefined && parent.expression === node) return 'await';
    // A statement that is nothing but an `await` passes too: it contains what the `await` does, so it says the same.
    return node.expression !== undefined && startsWithAwait(node) ? 'await' : 'other';
  }

  deedOf(call: TsNode): Deed<TsNode> {
    const { checker } = this.types;
    const callee = call.expression!;
    const name = (callee.name ?? callee).text;
    const owner = callee.name === undefined ? undefined : callee.expression;
    const owners = owner === undefined ? undefined : this.types.namesAtTs(owner);
    if (name === 'enqueue' || name === 'enqueueWith') {
      if (owners?.includes('EffectBuffer') === true || this.isAirlocks(callee)) return { does: 'enqueue' };
    }
    if (owners?.includes('Deferred') === true) return { does: 'enqueue' };
    const isScope = owners?.some((type) => type === 'AirlockService' || type === 'EffectScope') === true;
    if ((name === 'run' && isScope) || (name === 'runInScope' && this.isAirlocks(callee))) return { does: 'openScope' };
    const target = checker.getResolvedSignature(call)?.declaration;
    if (target === undefined || this.kindOf(target) !== 'function') return namedDeed(name);
    return isDecorated(target, 'SideEffect') ? { does: 'enqueue' } : { does: 'run', target };
  }

  standsAlone(fn: TsNode): boolean {
    return isDecorated(fn, 'SideEffect') || isDecorated(fn, 'Airlock');
  }

  private isAirlocks(callee: TsNode): boolean {
    let declaration = this.types.checker.getSymbolAtLocation(callee)?.declarations?.[0];
    while (declaration !== undefined && declaration.moduleSpecifier === undefined) declaration = declaration.parent;
    return declaration?.moduleSpecifier?.text === AIRLOCK;
  }
}

function startsWithAwait(node: TsNode): boolean {
  const awaits = /await\b/y;
  awaits.lastIndex = node.getStart();
  return awaits.test(node.getSourceFile().text);
}

/** Decorators are those modifiers that are expressions. */
function isDecorated({ modifiers }: TsNode, name: string): boolean {
  return (modifiers ?? []).some(({ expression }) => {
    if (expression === undefined) return false;
    const named =
      expression.expression !== undefined && expression.arguments !== undefined ? expression.expression : expression;
    return (named.name ?? named).text === name;
  });
}
