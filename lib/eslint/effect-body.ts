import type { Declarations } from './declarations.js';
import {
  ancestorsOf,
  bareParent,
  type ClassNode,
  type FunctionNode,
  is,
  isClass,
  isFunction,
  nameOf,
  type Node,
} from './estree.js';
import { classOfThis } from './members.js';
import { callsIn, nodesIn } from './rule.js';
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

/** Keys of Airlock's options under which functions stand that let effects out themselves. */
const EXECUTOR_KEYS: readonly string[] = ['executor', 'executors', 'onDispatchError'];

/** Types of functions and objects that let effects out. */
const EXECUTORS: readonly string[] = ['Executor', 'ExecutorRef'];

/**
 * Whether code may change the outside world as it stands: it is the body of an effect or of an
 * executor, or it runs where there is no scope that could fail (`@SkipAirlock()`, Nest's lifecycle
 * hooks), or only what does calls it.
 *
 * @param decorators those that make a method an effect
 * @param seen functions that are asked about already: those that call each other say nothing of
 *   themselves
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
  if (is(owner, 'MethodDefinition')) {
    if (declarations.isDecorated(owner.decorators, [...decorators, 'SkipAirlock'])) return true;
    const name = nameOf(owner.key);
    if (name === undefined) return false;
    const isHook =
      LIFECYCLE.includes(name) && !declarations.isDecorated(owner.decorators, ['Airlock']);
    const host = classOfThis(fn);
    return isHook || (host !== undefined && isEnqueuedMethod(name, host, declarations));
  }
  return namesOf(fn).some((named) => isEnqueuedByName(named, declarations));
}

/**
 * Whether nobody can call a function but calls in this file that are in effects, every one of them.
 */
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
 * Finds the uses of a function that only its file or its class can name; undefined for any other
 * function.
 */
function usesOf(fn: FunctionNode, { bindings, code }: Declarations): readonly Node[] | undefined {
  const { parent } = fn;
  if (is(parent, 'MethodDefinition')) {
    const isPrivate = parent.accessibility === 'private' || is(parent.key, 'PrivateIdentifier');
    const host = classOfThis(fn);
    // What is decorated, somebody else calls.
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

/** `enqueue(() => …)` */
function isEnqueued(value: Node, declarations: Declarations): boolean {
  const parent = bareParent(value);
  return (
    is(parent, 'CallExpression') &&
    parent.callee !== value &&
    declarations.isBufferCall(parent, 'enqueue', 'enqueueWith')
  );
}

/**
 * `function notify() {}` and `const notify = () => {}`, with `enqueue(notify, …)` anywhere in the
 * file.
 */
function isEnqueuedByName(identifier: Node, declarations: Declarations): boolean {
  if (!is(identifier, 'Identifier')) return false;
  const variable = declarations.bindings.lookup(identifier.name, identifier);
  return (
    variable?.references.some((reference) => isEnqueued(reference.identifier, declarations)) ===
    true
  );
}

function namesOf(fn: FunctionNode): readonly Node[] {
  const declarator = bareParent(fn);
  return [fn.id, is(declarator, 'VariableDeclarator') ? declarator.id : undefined].filter(
    (id) => id !== null && id !== undefined,
  );
}

/** `enqueue(this.notify.bind(this), …)` or `defer(this).notify(…)` in the same class. */
function isEnqueuedMethod(name: string, host: ClassNode, declarations: Declarations): boolean {
  for (const call of callsIn(host as Node, declarations.code)) {
    if (declarations.isBufferCall(call, 'enqueue', 'enqueueWith')) {
      const isBound = (argument: Node): boolean =>
        is(argument, 'CallExpression') &&
        is(argument.callee, 'MemberExpression') &&
        nameOf(argument.callee) === 'bind'
          ? isOwnMethod(argument.callee.object, name)
          : isOwnMethod(argument, name);
      if (call.arguments.some(isBound)) return true;
    }
    const { callee } = call;
    if (
      !is(callee, 'MemberExpression') ||
      nameOf(callee) !== name ||
      !is(callee.object, 'CallExpression')
    )
      continue;
    const [target] = callee.object.arguments;
    if (target?.type === 'ThisExpression' && declarations.isBufferCall(callee.object, 'defer'))
      return true;
  }
  return false;
}

function isOwnMethod(node: Node, name: string): boolean {
  return (
    is(node, 'MemberExpression') && node.object.type === 'ThisExpression' && nameOf(node) === name
  );
}
