import {
  type ClassNode,
  type FunctionNode,
  is,
  isClass,
  nameOf,
  type Node,
  type NodeOf,
} from './estree.js';
import type { Scope, SourceCode, Variable } from './rule.js';

/** The import that a local name comes from. @internal */
export interface Import {
  readonly source: string;
  /** Its name there; `default` for a default import, `*` for a namespace. */
  readonly name: string;
}

/** Finds the declarations and imports of the names in one file. @internal */
export class Bindings {
  constructor(private readonly code: SourceCode) {}

  /**
   * Finds the variable that a name means at a place; undefined for globals, which nothing in the
   * file declares.
   */
  lookup(name: string, from: Node): Variable | undefined {
    let scope: Scope | null = this.code.getScope(from);
    for (; scope !== null; scope = scope.upper) {
      const variable = scope.set.get(name);
      if (variable !== undefined) return variable.defs.length > 0 ? variable : undefined;
    }
    return undefined;
  }

  /** The node that declares a name. */
  declarationOf(identifier: NodeOf<'Identifier'>): Node | undefined {
    return this.lookup(identifier.name, identifier)?.defs[0]?.node;
  }

  isParameterOf(fn: FunctionNode, identifier: NodeOf<'Identifier'>): boolean {
    const definition = this.lookup(identifier.name, identifier)?.defs[0];
    return definition?.type === 'Parameter' && definition.node === fn;
  }

  classNamed(name: string, from: Node): ClassNode | undefined {
    const declaration = this.lookup(name, from)?.defs[0]?.node;
    return isClass(declaration) ? declaration : undefined;
  }

  importOf(identifier: NodeOf<'Identifier'>): Import | undefined {
    return this.importNamed(identifier.name, identifier);
  }

  /** Finds the import that a name means at a place; undefined where it is not imported. */
  importNamed(name: string, from: Node): Import | undefined {
    const definition = this.lookup(name, from)?.defs[0];
    const declaration = definition?.parent ?? definition?.node.parent;
    if (definition?.type !== 'ImportBinding' || !is(declaration, 'ImportDeclaration'))
      return undefined;
    const source = String(declaration.source.value);
    const specifier = definition.node;
    if (is(specifier, 'ImportSpecifier'))
      return { source, name: nameOf(specifier.imported) ?? 'default' };
    return { source, name: specifier.type === 'ImportNamespaceSpecifier' ? '*' : 'default' };
  }

  /** The name a local name has where it comes from: `Queue` after `import { Queue as Jobs }`. */
  originalName(identifier: NodeOf<'Identifier'>): string {
    const name = this.importOf(identifier)?.name;
    return name === undefined || name === 'default' || name === '*' ? identifier.name : name;
  }

  /** The name a decorator has where it comes from. */
  decoratorName({ expression }: NodeOf<'Decorator'>): string | undefined {
    const named = is(expression, 'CallExpression') ? expression.callee : expression;
    return is(named, 'Identifier') ? this.originalName(named) : nameOf(named);
  }

  /** A class, and those of this file that it extends. */
  *lineage(start: ClassNode): Generator<ClassNode> {
    const seen = new Set<ClassNode>();
    let current: ClassNode | undefined = start;
    while (current !== undefined && !seen.has(current)) {
      seen.add(current);
      yield current;
      const base: Node | null = current.superClass;
      current = is(base, 'Identifier') ? this.classNamed(base.name, base) : undefined;
    }
  }
}
