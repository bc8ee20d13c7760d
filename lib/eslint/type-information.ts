import type { ParserServicesWithTypeInformation } from '@typescript-eslint/utils';
import type * as ts from 'typescript';
import type { Node } from './estree.js';
import type { SourceCode } from './rule.js';

/** Types that stand for one of their arguments, as far as its methods are concerned. @internal */
export const TRANSPARENT_TYPES: readonly string[] = [
  'Pick',
  'Omit',
  'Partial',
  'Required',
  'Readonly',
  'NonNullable',
];

/** Asks the type checker, if the parser was told to use it. @internal */
export class TypeInformation {
  readonly checker: ts.TypeChecker;

  private constructor(private readonly services: ParserServicesWithTypeInformation) {
    this.checker = services.program.getTypeChecker();
  }

  static of({ parserServices }: SourceCode): TypeInformation | undefined {
    // Without type information there are maps, but no program; other parsers have neither.
    if (!parserServices?.program || parserServices.esTreeNodeToTSNodeMap === undefined)
      return undefined;
    return new TypeInformation(parserServices as ParserServicesWithTypeInformation);
  }

  tsNode(node: Node): ts.Node {
    return this.services.esTreeNodeToTSNodeMap.get(node);
  }

  /**
   * The names of an expression's type and of those it extends; undefined where it is `any`,
   * `unknown` or an error.
   */
  namesAt(node: Node): readonly string[] | undefined {
    return this.namesAtTs(this.tsNode(node));
  }

  namesAtTs(node: ts.Node): readonly string[] | undefined {
    const type = this.checker.getTypeAtLocation(node);
    if (this.isUnknown(type)) return undefined;
    const names = new Set<string>();
    this.collect(type, names, new Set());
    return [...names];
  }

  isPromise(node: Node): boolean {
    return this.isThenable(this.checker.getTypeAtLocation(this.tsNode(node)));
  }

  /**
   * Prints the type that a method resolves to in the end, in TypeScript's words; undefined where
   * nothing is known.
   */
  resultOf(method: Node): string | undefined {
    const signature = this.checker.getSignatureFromDeclaration(
      this.tsNode(method) as ts.MethodDeclaration,
    );
    if (signature === undefined) return undefined;
    const result = signature.getReturnType();
    if (this.isUnknown(result)) return undefined;
    return this.checker.typeToString(this.checker.getAwaitedType(result) ?? result);
  }

  private isUnknown(type: ts.Type): boolean {
    return ['any', 'unknown', 'error'].includes(this.checker.typeToString(type));
  }

  private isThenable(type: ts.Type): boolean {
    if (type.isUnionOrIntersection()) return type.types.some((part) => this.isThenable(part));
    return !this.isUnknown(type) && type.getProperty('then') !== undefined;
  }

  private collect(type: ts.Type, names: Set<string>, seen: Set<ts.Type>): void {
    if (seen.has(type)) return;
    seen.add(type);
    const { aliasSymbol } = type;
    const symbol = type.getSymbol();
    if (aliasSymbol !== undefined) {
      names.add(aliasSymbol.name);
      const [argument] = type.aliasTypeArguments ?? [];
      if (argument !== undefined && TRANSPARENT_TYPES.includes(aliasSymbol.name))
        this.collect(argument, names, seen);
    }
    if (symbol !== undefined) names.add(declaredName(symbol));
    if (type.isUnionOrIntersection())
      for (const part of type.types) this.collect(part, names, seen);
    if (type.isTypeParameter()) {
      const constraint = type.getConstraint();
      if (constraint !== undefined) this.collect(constraint, names, seen);
    }
    // Of `Queue<Job>`: `Queue`.
    const { target = type } = type as ts.Type & { readonly target?: ts.Type };
    for (const base of target.getBaseTypes() ?? []) this.collect(base, names, seen);
  }
}

/** A class exported as default is a symbol called `default`. */
function declaredName(symbol: ts.Symbol): string {
  if (symbol.name !== 'default') return symbol.name;
  const [declaration] = symbol.declarations ?? [];
  return (declaration as ts.ClassDeclaration | undefined)?.name?.text ?? symbol.name;
}
