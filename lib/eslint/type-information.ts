import type { Node } from './estree.js';
import type { SourceCode } from './rule.js';
import type { TsChecker, TsNode, TsSymbol, TsType } from './typescript.js';

interface Services {
  readonly program: { getTypeChecker(): TsChecker };
  readonly esTreeNodeToTSNodeMap: { get(node: Node): TsNode };
}

/** Types that stand for one of their arguments, as far as its methods are concerned. @internal */
export const TRANSPARENT_TYPES: readonly string[] = ['Pick', 'Omit', 'Partial', 'Required', 'Readonly', 'NonNullable'];

/** What the type checker knows, where the parser was told to ask it. @internal */
export class TypeInformation {
  private constructor(
    readonly checker: TsChecker,
    private readonly nodes: Services['esTreeNodeToTSNodeMap'],
  ) {}

  static of(code: SourceCode): TypeInformation | undefined {
    const services = code.parserServices as Partial<Services> | null | undefined;
    // Without type information there are maps, but no program.
    if (!services?.program || services.esTreeNodeToTSNodeMap === undefined) return undefined;
    return new TypeInformation(services.program.getTypeChecker(), services.esTreeNodeToTSNodeMap);
  }

  tsNode(node: Node): TsNode {
    return this.nodes.get(node);
  }

  /** The names of an expression's type and of those it extends; undefined where it is `any`, `unknown` or an error. */
  namesAt(node: Node): readonly string[] | undefined {
    return this.namesAtTs(this.tsNode(node));
  }

  namesAtTs(node: TsNode): readonly string[] | undefined {
    const type = this.checker.getTypeAtLocation(node);
    if (this.isUnknown(type)) return undefined;
    const names = new Set<string>();
    this.collect(type, names, new Set());
    return [...names];
  }

  isPromise(node: Node): boolean {
    return this.isThenable(this.checker.getTypeAtLocation(this.tsNode(node)));
  }

  /** What a method resolves to in the end, in TypeScript's words; undefined where nothing is known. */
  resultOf(method: Node): string | undefined {
    const signature = this.checker.getSignatureFromDeclaration(this.tsNode(method));
    if (signature === undefined) return undefined;
    const result = signature.getReturnType();
    if (this.isUnknown(result)) return undefined;
    return this.checker.typeToString(this.checker.getAwaitedType(result) ?? result);
  }

  private isUnknown(type: TsType): boolean {
    return ['any', 'unknown', 'error'].includes(this.checker.typeToString(type));
  }

  private isThenable(type: TsType): boolean {
    if (type.isUnionOrIntersection()) return type.types!.some((part) => this.isThenable(part));
    return !this.isUnknown(type) && type.getProperty('then') !== undefined;
  }

  private collect(type: TsType, names: Set<string>, seen: Set<TsType>): void {
    if (seen.has(type)) return;
    seen.add(type);
    const { aliasSymbol, symbol } = type;
    if (aliasSymbol !== undefined) {
      names.add(aliasSymbol.name);
      const [argument] = type.aliasTypeArguments ?? [];
      if (argument !== undefined && TRANSPARENT_TYPES.includes(aliasSymbol.name)) this.collect(argument, names, seen);
    }
    if (symbol !== undefined) names.add(declaredName(symbol));
    if (type.isUnionOrIntersection()) for (const part of type.types!) this.collect(part, names, seen);
    if (type.isTypeParameter()) {
      const constraint = type.getConstraint();
      if (constraint !== undefined) this.collect(constraint, names, seen);
    }
    for (const base of (type.target ?? type).getBaseTypes() ?? []) this.collect(base, names, seen);
  }
}

/** A class exported as default is a symbol called `default`. */
function declaredName(symbol: TsSymbol): string {
  return symbol.name === 'default' ? (symbol.declarations?.[0]?.name?.text ?? symbol.name) : symbol.name;
}
