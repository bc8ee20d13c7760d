/** The parts of TypeScript's compiler API that the rules use, so that they run without TypeScript. @internal */
export interface TsNode {
  readonly parent?: TsNode;
  readonly text?: string;
  readonly name?: TsNode;
  readonly propertyName?: TsNode;
  readonly expression?: TsNode;
  readonly arguments?: readonly TsNode[];
  readonly parameters?: readonly TsNode[];
  readonly body?: TsNode;
  readonly modifiers?: readonly TsNode[];
  readonly moduleSpecifier?: TsNode;
  readonly awaitModifier?: TsNode;
  readonly statement?: TsNode;
  readonly statements?: readonly TsNode[];
  readonly label?: TsNode;
  readonly initializer?: TsNode;
  readonly condition?: TsNode;
  readonly incrementor?: TsNode;
  readonly thenStatement?: TsNode;
  readonly elseStatement?: TsNode;
  readonly whenTrue?: TsNode;
  readonly whenFalse?: TsNode;
  readonly caseBlock?: TsNode;
  readonly clauses?: readonly TsNode[];
  readonly tryBlock?: TsNode;
  readonly catchClause?: TsNode;
  readonly finallyBlock?: TsNode;
  getStart(): number;
  getSourceFile(): { readonly text: string };
  forEachChild(visit: (child: TsNode) => void): void;
}

/** @internal */
export interface TsType {
  readonly symbol?: TsSymbol;
  readonly aliasSymbol?: TsSymbol;
  readonly aliasTypeArguments?: readonly TsType[];
  /** Of `Queue<Job>`: `Queue`. */
  readonly target?: TsType;
  /** Of a union or an intersection. */
  readonly types?: readonly TsType[];
  getBaseTypes(): readonly TsType[] | undefined;
  getConstraint(): TsType | undefined;
  getProperty(name: string): TsSymbol | undefined;
  isUnionOrIntersection(): boolean;
  isTypeParameter(): boolean;
}

/** @internal */
export interface TsSymbol {
  readonly name: string;
  readonly declarations?: readonly TsNode[];
}

/** @internal */
export interface TsChecker {
  typeToString(type: TsType): string;
  getTypeAtLocation(node: TsNode): TsType;
  getSymbolAtLocation(node: TsNode): TsSymbol | undefined;
  getResolvedSignature(call: TsNode): { readonly declaration?: TsNode; getReturnType(): TsType } | undefined;
  getSignatureFromDeclaration(declaration: TsNode): { getReturnType(): TsType } | undefined;
  getAwaitedType(type: TsType): TsType | undefined;
}
