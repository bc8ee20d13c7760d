import type { Declarations } from './declarations.js';
import { bare, is, nameOf, type NodeOf } from './estree.js';
import { names } from './rule.js';

/**
 * Methods by the type they belong to, or by a pattern for the name of what they are called on.
 * @internal
 */
export type MethodTable = Readonly<Record<string, readonly string[]>>;

/** The JSON schema of a `MethodTable`. @internal */
export const methodTable = { type: 'object', additionalProperties: names };

/**
 * Recognises certain methods by the type that they are called on, or by names if the type is not
 * known.
 * @internal
 */
export class Methods {
  private readonly patterns: readonly (readonly [pattern: RegExp, methods: readonly string[]])[];
  private readonly all: ReadonlySet<string>;

  constructor(
    private readonly byType: MethodTable,
    byName: MethodTable,
    private readonly declarations: Declarations,
  ) {
    this.patterns = Object.entries(byName).map(([pattern, methods]) => [
      new RegExp(pattern, 'i'),
      methods,
    ]);
    this.all = new Set([...Object.values(byType), ...Object.values(byName)].flat());
  }

  includes(callee: NodeOf<'MemberExpression'>): boolean {
    const method = nameOf(callee);
    if (method === undefined || !this.all.has(method)) return false;
    // Calls inside such a class are how it works, and no use of it.
    if (['ThisExpression', 'Super'].includes(bare(callee.object).type)) return false;
    const types = this.declarations.typesOf(callee.object);
    if (types !== undefined) {
      return types.some(
        (type) => Object.hasOwn(this.byType, type) && this.byType[type]!.includes(method),
      );
    }
    const name = ownName(callee);
    return (
      name !== undefined &&
      this.patterns.some(([pattern, methods]) => pattern.test(name) && methods.includes(method))
    );
  }

  /**
   * True if a method that is declared in a class is one of these methods itself, by the name of the
   * class.
   */
  declares(type: string, method: string): boolean {
    if (Object.hasOwn(this.byType, type)) return this.byType[type]!.includes(method);
    return this.patterns.some(
      ([pattern, methods]) => pattern.test(type) && methods.includes(method),
    );
  }
}

/**
 * Returns the name of the variable, or of the property of `this`, that a method is called on.
 * Properties of other objects may be anything.
 */
function ownName({ object }: NodeOf<'MemberExpression'>): string | undefined {
  const owner = bare(object);
  const isOwn =
    is(owner, 'Identifier') ||
    (is(owner, 'MemberExpression') && owner.object.type === 'ThisExpression');
  return isOwn ? nameOf(owner)?.replace(/^#/, '') : undefined;
}
