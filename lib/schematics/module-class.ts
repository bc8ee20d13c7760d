import type * as TypeScript from 'typescript';

type Ts = typeof TypeScript;

/**
 * Finds the metadata of a module: of the class of that name, or of the only module there is.
 *
 * @throws Error if there is no such class, or its metadata is not written down in place
 * @internal
 */
export function metadataIn(
  ts: Ts,
  file: TypeScript.SourceFile,
  className: string | undefined,
): TypeScript.ObjectLiteralExpression {
  const modules = file.statements.flatMap((statement) => {
    const call = ts.isClassDeclaration(statement) && moduleCallOf(ts, statement);
    return call ? [{ name: statement.name?.text, call }] : [];
  });
  const named = modules.find(({ name }) => name !== undefined && name === className);
  if (named === undefined && modules.length > 1)
    throw new Error('It has several modules, and main.ts creates the application of none of them.');
  const metadata = (named ?? modules[0])?.call.arguments[0];
  if (metadata !== undefined && ts.isObjectLiteralExpression(metadata)) return metadata;
  throw new Error('It has no class with `@Module({ … })`.');
}

function moduleCallOf(
  ts: Ts,
  declaration: TypeScript.ClassDeclaration,
): TypeScript.CallExpression | undefined {
  return ts
    .getDecorators(declaration)
    ?.map(({ expression }) => expression)
    .filter((expression) => ts.isCallExpression(expression))
    .find(({ expression }) => ts.isIdentifier(expression) && expression.text === 'Module');
}

/**
 * @throws Error if `imports` is not an array that is written down in place
 * @internal
 */
export function importsOf(
  ts: Ts,
  metadata: TypeScript.ObjectLiteralExpression,
): TypeScript.ArrayLiteralExpression | undefined {
  const property = metadata.properties.find(
    ({ name }) => name !== undefined && 'text' in name && name.text === 'imports',
  );
  if (property === undefined) return undefined;
  if (ts.isPropertyAssignment(property) && ts.isArrayLiteralExpression(property.initializer))
    return property.initializer;
  throw new Error('`imports` of its module is not an array that is written down in place.');
}

/** Nodes below one, comments excluded. @internal */
export function nodesIn(ts: Ts, node: TypeScript.Node | undefined): readonly TypeScript.Node[] {
  const found: TypeScript.Node[] = [];
  const visit = (child: TypeScript.Node): void => {
    found.push(child);
    ts.forEachChild(child, visit);
  };
  if (node !== undefined) ts.forEachChild(node, visit);
  return found;
}

/** Names that a file imports one by one, with what it calls them. @internal */
export function importedNames(ts: Ts, file: TypeScript.SourceFile): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const statement of file.statements) {
    const bindings = ts.isImportDeclaration(statement) && statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    for (const { name, propertyName } of bindings.elements)
      names.set((propertyName ?? name).text, name.text);
  }
  return names;
}
