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
import { callsIn } from './rule.js';

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

/**
 * Whether code may change the outside world as it stands: it is the body of an effect or of an executor, or it runs where
 * there is no scope that could fail (`@SkipAirlock()`, Nest's lifecycle hooks).
 *
 * @param decorators those that make a method an effect
 * @internal
 */
export function isInEffect(node: Node, decorators: readonly string[], declarations: Declarations): boolean {
  for (const ancestor of ancestorsOf(node)) {
    if (isFunction(ancestor) && isEffect(ancestor, decorators, declarations)) return true;
    if (isClass(ancestor)) {
      if (declarations.isDecorated(ancestor.decorators, ['SkipAirlock'])) return true;
      if (ancestor.implements?.some(({ expression }) => nameOf(expression) === 'Executor') === true) return true;
    }
    if (is(ancestor, 'Property') && EXECUTOR_KEYS.includes(nameOf(ancestor.key) ?? '')) return true;
  }
  return false;
}

function isEffect(fn: FunctionNode, decorators: readonly string[], declarations: Declarations): boolean {
  if (isEnqueued(fn, declarations)) return true;
  const owner = fn.parent;
  if (is(owner, 'MethodDefinition')) {
    if (declarations.isDecorated(owner.decorators, [...decorators, 'SkipAirlock'])) return true;
    const name = nameOf(owner.key);
    if (name === undefined) return false;
    const isHook = LIFECYCLE.includes(name) && !declarations.isDecorated(owner.decorators, ['Airlock']);
    const host = classOfThis(fn);
    return isHook || (host !== undefined && isEnqueuedMethod(name, host, declarations));
  }
  return namesOf(fn).some((named) => isEnqueuedByName(named, declarations));
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

/** `function notify() {}` and `const notify = () => {}`, with `enqueue(notify, …)` anywhere in the file. */
function isEnqueuedByName(identifier: Node, declarations: Declarations): boolean {
  if (!is(identifier, 'Identifier')) return false;
  const variable = declarations.bindings.lookup(identifier.name, identifier);
  return variable?.references.some((reference) => isEnqueued(reference.identifier, declarations)) === true;
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
        is(argument, 'CallExpression') && is(argument.callee, 'MemberExpression') && nameOf(argument.callee) === 'bind'
          ? isOwnMethod(argument.callee.object, name)
          : isOwnMethod(argument, name);
      if (call.arguments.some(isBound)) return true;
    }
    const { callee } = call;
    if (!is(callee, 'MemberExpression') || nameOf(callee) !== name || !is(callee.object, 'CallExpression')) continue;
    const [target] = callee.object.arguments;
    if (target?.type === 'ThisExpression' && declarations.isBufferCall(callee.object, 'defer')) return true;
  }
  return false;
}

function isOwnMethod(node: Node, name: string): boolean {
  return is(node, 'MemberExpression') && node.object.type === 'ThisExpression' && nameOf(node) === name;
}
