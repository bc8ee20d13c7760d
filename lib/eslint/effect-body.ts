import type { Declarations } from './declarations.js';
import { isEnqueued, namesOf } from './enqueued-functions.js';
import {
  ancestorsOf,
  type FunctionNode,
  is,
  isClass,
  isFunction,
  nameOf,
  type Node,
} from './estree.js';
import { classOfThis } from './members.js';
import { nodesIn } from './rule.js';
import { wantedTypes } from './wanted-types.js';

/** Methods that Nest calls outside any unit of work. */
const LIFECYCLE: readonly string[] = [
  'constructor',
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
];

/** Keys of Airlock's options whose functions run effects themselves. */
const EXECUTOR_KEYS: readonly string[] = ['executor', 'executors', 'onDispatchError'];

/** Types of functions and objects that run effects. */
const EXECUTORS: readonly string[] = ['Executor', 'ExecutorRef'];

/**
 * True if code may change the outside world directly: it is in an effect or an executor, or it runs
 * without a scope that could fail (`@SkipAirlock()`, Nest's lifecycle hooks), or only such code
 * calls it.
 *
 * @param decorators those that make a method an effect
 * @param seen functions that are looked at already, as some call each other
 * @internal
 */
export function isInEffect(
  node: Node,
  decorators: readonly string[],
  declarations: Declarations,
  seen: Set<FunctionNode> = new Set(),
): boolean {
  for (const ancestor of ancestorsOf(node)) {
    if (isFunction(ancestor)) {
      if (isEffect(ancestor, decorators, declarations)) return true;
      if (
        isHelper(ancestor, declarations, seen, (call) =>
          isInEffect(call, decorators, declarations, seen),
        )
      )
        return true;
    }
    if (isFunction(ancestor) || is(ancestor, 'ObjectExpression')) {
      if (wantedTypes(ancestor, declarations).some((type) => EXECUTORS.includes(type))) return true;
    }
    if (isClass(ancestor)) {
      if (declarations.isDecorated(ancestor.decorators, ['SkipAirlock'])) return true;
      if (ancestor.implements?.some(({ expression }) => nameOf(expression) === 'Executor') === true)
        return true;
    }
    if (is(ancestor, 'Property') && EXECUTOR_KEYS.includes(nameOf(ancestor.key) ?? '')) return true;
  }
  return false;
}

function isEffect(
  fn: FunctionNode,
  decorators: readonly string[],
  declarations: Declarations,
): boolean {
  if (isEnqueued(fn, declarations)) return true;
  const owner = fn.parent;
  if (!is(owner, 'MethodDefinition')) return false;
  if (declarations.isDecorated(owner.decorators, [...decorators, 'SkipAirlock'])) return true;
  const isHook = LIFECYCLE.includes(nameOf(owner.key) ?? '');
  return isHook && !declarations.isDecorated(owner.decorators, ['Airlock']);
}

/** True for a function that only this file can call, if all its calls are in effects. */
function isHelper(
  fn: FunctionNode,
  declarations: Declarations,
  seen: Set<FunctionNode>,
  isInEffects: (call: Node) => boolean,
): boolean {
  if (seen.has(fn)) return true;
  const uses = usesOf(fn, declarations);
  if (uses === undefined || uses.length === 0) return false;
  seen.add(fn);
  return uses.every(
    (use) =>
      is(use.parent, 'CallExpression') && use.parent.callee === use && isInEffects(use.parent),
  );
}

/**
 * Finds the uses of a function that only its file or its class can reach; undefined for any other
 * function.
 */
function usesOf(fn: FunctionNode, { bindings, code }: Declarations): readonly Node[] | undefined {
  const { parent } = fn;
  if (is(parent, 'MethodDefinition')) {
    const isPrivate = parent.accessibility === 'private' || is(parent.key, 'PrivateIdentifier');
    const host = classOfThis(fn);
    // Somebody else calls a decorated method.
    if (!isPrivate || host === undefined || (parent.decorators ?? []).length > 0) return undefined;
    const name = nameOf(parent.key);
    return [...nodesIn(host as Node, code)].filter(
      (node) => is(node, 'MemberExpression') && nameOf(node) === name,
    );
  }
  const [declared] = namesOf(fn);
  if (!is(declared, 'Identifier') || isExported(declared)) return undefined;
  const references = bindings.lookup(declared.name, declared)?.references;
  return references
    ?.map(({ identifier }) => identifier)
    .filter((identifier) => identifier !== declared);
}

/** `export function f() {}`, `export const f = …` */
function isExported(name: Node): boolean {
  const [, ...around] = [...ancestorsOf(name)].slice(0, 3);
  return around.some(({ type }) =>
    ['ExportNamedDeclaration', 'ExportDefaultDeclaration'].includes(type),
  );
}
