import type { Bindings } from './bindings.js';
import { bare, type Call, is, nameOf, type Node } from './estree.js';

/** The package that Airlock's own names are imported from. @internal */
export const AIRLOCK = 'nestjs-airlock';

/** The names of an expression's type; undefined where nothing is known of it. */
type TypesOf = (expression: Node) => readonly string[] | undefined;

/**
 * True if a call is of one of Airlock's functions with these names: a free function, or a method of
 * one of the `owners`.
 *
 * @param spelling pattern for the name of an owner whose type is not known
 * @internal
 */
export function isAirlockCall(
  call: Call,
  names: readonly string[],
  bindings: Bindings,
  typesOf: TypesOf,
  owners: readonly string[] = ['EffectBuffer'],
  spelling = /(^effects?|effect-?buffer)$/i,
): boolean {
  const callee = bare(call.callee);
  if (is(callee, 'Identifier')) {
    const imported = bindings.importOf(callee);
    if (imported !== undefined) return imported.source === AIRLOCK && names.includes(imported.name);
    // For a snippet without imports. A function of such a name that the file declares is not
    // Airlock's.
    return names.includes(callee.name) && bindings.declarationOf(callee) === undefined;
  }
  if (!is(callee, 'MemberExpression') || !names.includes(nameOf(callee) ?? '')) return false;
  const namespace = is(callee.object, 'Identifier') ? bindings.importOf(callee.object) : undefined;
  if (namespace?.name === '*') return namespace.source === AIRLOCK;
  const types = typesOf(callee.object);
  if (types !== undefined) return types.some((type) => owners.includes(type));
  return spelling.test(nameOf(bare(callee.object)) ?? '');
}
