import type * as TypeScript from 'typescript';
import type { Addition } from './additions.js';

type Ts = typeof TypeScript;

interface Edit {
  readonly at: number;
  readonly text: string;
}

/**
 * Adds to the imports of the module in a source file, where they do not stand yet.
 *
 * @returns the text with them, and the names of those that were there
 * @throws Error if the file has no module whose metadata is written down in place
 * @internal
 */
export function withModuleImports(
  ts: Ts,
  text: string,
  additions: readonly Addition[],
): { readonly text: string; readonly known: readonly string[] } {
  const file = ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest, true);
  const metadata = metadataIn(ts, file);
  if (metadata === undefined) throw new Error('It has no class with `@Module({ … })`.');
  const imports = importsOf(ts, metadata);
  const known = additions.filter(({ name }) =>
    new RegExp(`\\b${name}\\b`).test(imports?.getText(file) ?? ''),
  );
  const missing = additions.filter((addition) => !known.includes(addition));
  const edits =
    missing.length === 0
      ? []
      : [statements(ts, file, missing), elements(file, metadata, imports, missing)];
  return { text: edited(text, edits), known: known.map(({ name }) => name) };
}

function metadataIn(
  ts: Ts,
  file: TypeScript.SourceFile,
): TypeScript.ObjectLiteralExpression | undefined {
  for (const statement of file.statements) {
    if (!ts.isClassDeclaration(statement)) continue;
    for (const { expression } of ts.getDecorators(statement) ?? []) {
      if (!ts.isCallExpression(expression) || expression.expression.getText(file) !== 'Module')
        continue;
      const [metadata] = expression.arguments;
      if (metadata !== undefined && ts.isObjectLiteralExpression(metadata)) return metadata;
    }
  }
  return undefined;
}

/** @throws Error if `imports` is not an array that is written down in place */
function importsOf(
  ts: Ts,
  metadata: TypeScript.ObjectLiteralExpression,
): TypeScript.ArrayLiteralExpression | undefined {
  const property = metadata.properties.find(({ name }) => name?.getText() === 'imports');
  if (property === undefined) return undefined;
  if (ts.isPropertyAssignment(property) && ts.isArrayLiteralExpression(property.initializer))
    return property.initializer;
  throw new Error('`imports` of its module is not an array that is written down in place.');
}

/** After the last import, in its quotes. */
function statements(ts: Ts, file: TypeScript.SourceFile, missing: readonly Addition[]): Edit {
  const last = file.statements.findLast((statement) => ts.isImportDeclaration(statement));
  const quote = last?.moduleSpecifier.getText(file)[0] ?? "'";
  const lines = missing.map(
    ({ name, also = [], from }) =>
      `import { ${[name, ...also].join(', ')} } from ${quote}${from}${quote};`,
  );
  if (last === undefined) return { at: 0, text: `${lines.join('\n')}\n` };
  return { at: last.end, text: `\n${lines.join('\n')}` };
}

/** Before what is imported already. */
function elements(
  file: TypeScript.SourceFile,
  metadata: TypeScript.ObjectLiteralExpression,
  imports: TypeScript.ArrayLiteralExpression | undefined,
  missing: readonly Addition[],
): Edit {
  const calls = missing.map(({ call }) => call);
  if (imports === undefined) {
    const text = `\n  imports: ${arrayOf(calls)},`;
    const end = metadata.properties.length === 0 ? '\n' : '';
    return { at: metadata.getStart(file) + 1, text: text + end };
  }
  const [first] = imports.elements;
  const at = imports.getStart(file) + 1;
  if (first === undefined) return { at, text: arrayOf(calls).slice(1, -1) };
  // A comment before the first element stays with it.
  const indent = /\n[ \t]*$/.exec(file.text.slice(at, first.getStart(file)))?.[0];
  const text = calls.map((call) => (indent === undefined ? `${call}, ` : `${indent}${call},`));
  return { at, text: text.join('') };
}

function arrayOf(calls: readonly string[]): string {
  const line = `[${calls.join(', ')}]`;
  return line.length <= 80 ? line : `[\n${calls.map((call) => `    ${call},\n`).join('')}  ]`;
}

function edited(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.at - a.at)
    .reduce((result, { at, text: added }) => result.slice(0, at) + added + result.slice(at), text);
}
