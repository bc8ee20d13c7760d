import { AIRLOCK } from './airlock-calls.js';
import type { Flow } from './control-flow.js';
import type { Deed, SyntaxTree } from './effect-timing.js';
import { namedDeed } from './named-deeds.js';
import type { TypeInformation } from './type-information.js';
import type { TsNode } from './typescript.js';
import { flowOf, leadingWord } from './typescript.flow.js';

/** All files of the program, by what the type checker knows. Kinds are told by shape: their numbers differ by version. @internal */
export class TypeScriptTree implements SyntaxTree<TsNode> {
  constructor(private readonly types: TypeInformation) {}

  childrenOf(node: TsNode): readonly TsNode[] {
    const children: TsNode[] = [];
    node.forEachChild((child) => void children.push(child));
    return children;
  }

  flowOf(node: TsNode): Flow<TsNode> | undefined {
    return flowOf(node);
  }

  kindOf(node: TsNode): 'await' | 'call' | 'function' | 'other' {
    if (node.expression !== undefined && node.arguments !== undefined) return 'call';
    if (node.parameters !== undefined && node.body !== undefined) return 'function';
    return isAwait(node) ? 'await' : 'other';
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
    if (target === undefined || this.kindOf(target) !== 'function') {
      // Other objects than promises keep the functions that they are given: workers, observables.
      return isNew(call) && name !== 'Promise' ? { does: 'forget' } : namedDeed(name);
    }
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

/** A call starts with what it calls. */
function isNew(call: TsNode): boolean {
  return call.expression!.getStart() > call.getStart();
}

function isAwait(node: TsNode): boolean {
  const { expression, parent, statements } = node;
  if (parent?.awaitModifier !== undefined && parent.expression === node) return true;
  // `await using` waits where its block ends.
  if (statements?.some((statement) => leadingWord(statement, /await\s+using\s+\w+/) !== undefined) === true)
    return true;
  // A statement that is nothing but an `await` passes too: it contains what the `await` does, so it says the same. What follows
  // a `yield` happens when somebody asks for more.
  return expression !== undefined && leadingWord(node, /await|yield/) !== undefined;
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
