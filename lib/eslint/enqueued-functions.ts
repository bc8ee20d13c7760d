import type { Declarations } from './declarations.js';
import { bareParent, type ClassNode, type FunctionNode, is, nameOf, type Node } from './estree.js';
import { classOfThis } from './members.js';
import { callsIn } from './rule.js';

/**
 * True if a function is given to the buffer as an effect: where it is written, or by its name
 * anywhere in the file, or as a method anywhere in its class.
 * @internal
 */
export function isEnqueued(fn: FunctionNode, declarations: Declarations): boolean {
  if (isGivenToBuffer(fn, declarations)) return true;
  const owner = fn.parent;
  if (!is(owner, 'MethodDefinition'))
    return namesOf(fn).some((name) => isNamedToBuffer(name, declarations));
  const [name, host] = [nameOf(owner.key), classOfThis(fn)];
  return (
    name !== undefined && host !== undefined && isMethodGivenToBuffer(name, host, declarations)
  );
}

/** Identifiers that a function goes by: its own, and that of the variable it is assigned to. @internal */
export function namesOf(fn: FunctionNode): readonly Node[] {
  const declarator = bareParent(fn);
  return [fn.id, is(declarator, 'VariableDeclarator') ? declarator.id : undefined].filter(
    (id) => id !== null && id !== undefined,
  );
}

/** `enqueue(() => …)` */
function isGivenToBuffer(value: Node, declarations: Declarations): boolean {
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
function isNamedToBuffer(identifier: Node, declarations: Declarations): boolean {
  if (!is(identifier, 'Identifier')) return false;
  const variable = declarations.bindings.lookup(identifier.name, identifier);
  return (
    variable?.references.some((reference) =>
      isGivenToBuffer(reference.identifier, declarations),
    ) === true
  );
}

/** `enqueue(this.notify.bind(this), …)` or `defer(this).notify(…)` in the same class. */
function isMethodGivenToBuffer(name: string, host: ClassNode, declarations: Declarations): boolean {
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
