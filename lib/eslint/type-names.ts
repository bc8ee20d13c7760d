import type { Bindings } from './bindings.js';
import { type ClassNode, is, nameOf, type Node, type NodeOf } from './estree.js';
import { TRANSPARENT_TYPES } from './type-information.js';

const UNINFORMATIVE: readonly string[] = ['TSAnyKeyword', 'TSUnknownKeyword', 'TSObjectKeyword'];

/**
 * Names of types, each as it is called where it comes from, with those of the types it extends as
 * far as the file says.
 *
 * @internal
 */
export class TypeNames {
  constructor(private readonly bindings: Bindings) {}

  /** @returns the names that an annotation has; undefined where it says nothing, as `any` */
  in(annotation: Node | undefined): readonly string[] | undefined {
    return annotation && this.namesIn(annotation, new Set());
  }

  /** @returns the names of the class, interface or alias that an identifier stands for */
  ofType(identifier: NodeOf<'Identifier'>): readonly string[] {
    return this.namesOf(identifier, new Set());
  }

  ofClass(start: ClassNode): readonly string[] {
    return [...this.bindings.lineage(start)].flatMap(({ id, superClass }) => [
      ...(id ? [id.name] : []),
      ...(is(superClass, 'Identifier') ? [this.bindings.originalName(superClass)] : []),
    ]);
  }

  private namesIn(type: Node, seen: Set<Node>): readonly string[] | undefined {
    if (UNINFORMATIVE.includes(type.type) || seen.has(type)) return undefined;
    seen.add(type);
    if (is(type, 'TSTypeAnnotation')) return this.namesIn(type.typeAnnotation, seen);
    if (is(type, 'TSUnionType', 'TSIntersectionType')) {
      const parts = type.types
        .map((part) => this.namesIn(part, seen))
        .filter((names) => names !== undefined);
      return parts.length === 0 ? undefined : parts.flat();
    }
    const written = is(type, 'TSTypeReference')
      ? type.typeName
      : is(type, 'TSImportType')
        ? type.qualifier
        : undefined;
    const name = nameOf(written);
    if (name === undefined) return [];
    const [argument] = is(type, 'TSTypeReference') ? (type.typeArguments?.params ?? []) : [];
    if (argument !== undefined && TRANSPARENT_TYPES.includes(name))
      return this.namesIn(argument, seen);
    return is(written, 'Identifier') ? this.namesOf(written, seen) : [name];
  }

  private namesOf(identifier: NodeOf<'Identifier'>, seen: Set<Node>): readonly string[] {
    const declaration = this.bindings.declarationOf(identifier);
    const owner = this.bindings.classNamed(identifier.name, identifier);
    if (owner !== undefined) return this.ofClass(owner);
    if (is(declaration, 'TSTypeAliasDeclaration')) {
      return [identifier.name, ...(this.namesIn(declaration.typeAnnotation, seen) ?? [])];
    }
    if (!is(declaration, 'TSInterfaceDeclaration')) return [this.bindings.originalName(identifier)];
    if (seen.has(declaration)) return [];
    seen.add(declaration);
    const bases = declaration.extends
      .map(({ expression }) => expression)
      .filter((base) => is(base, 'Identifier'));
    return [identifier.name, ...bases.flatMap((base) => this.namesOf(base, seen))];
  }
}
