import type * as TypeScript from 'typescript';
import { type Addition, callOf, type Name } from './additions.js';
import { importedNames, importsOf, metadataIn, nodesIn } from './module-class.js';

type Ts = typeof TypeScript;

interface Edit {
  readonly at: number;
  readonly text: string;
}

interface ModuleImports {
  readonly text: string;
  /** Names of those that were there and stay as they are. */
  readonly known: readonly string[];
  /** Executors that one which was there is to be given by hand. */
  readonly unset: readonly Name[];
}

/**
 * Adds to the imports of a module, where they do not stand yet, and to empty options of those that
 * do.
 *
 * @throws Error if the file has no such module whose metadata is written down in place
 * @internal
 */
export function withModuleImports(
  ts: Ts,
  text: string,
  className: string | undefined,
  wanted: readonly Addition[],
): ModuleImports {
  const file = ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest, true);
  const metadata = metadataIn(ts, file, className);
  const imports = importsOf(ts, metadata);
  const nodes = nodesIn(ts, imports);
  const used = new Set(nodes.filter((node) => ts.isIdentifier(node)).map((node) => node.text));
  const bound = importedNames(ts, file);
  const isUsed = ({ name }: Name): boolean => used.has(bound.get(name) ?? name);

  const missing = wanted.filter((addition) => !isUsed(addition));
  const bare = wanted.flatMap((addition) => {
    if (addition.executor === undefined || missing.includes(addition)) return [];
    const call = bareCall(ts, nodes, bound.get(addition.name) ?? addition.name);
    return call ? [{ addition, at: call.end - 1 }] : [];
  });
  const edits = bare.map(({ addition: { options = '' }, at }) => ({ at, text: options }));
  if (missing.length > 0) edits.push(...elements(ts, file, metadata, imports, missing));

  const written = [...missing, ...bare.map(({ addition }) => addition)];
  const names = [...missing, ...written.flatMap(({ executor }) => executor ?? [])];
  edits.push(
    ...statements(
      ts,
      file,
      names.filter(({ name }) => bound.get(name) !== name),
    ),
  );
  const kept = wanted.filter((addition) => !written.includes(addition));
  return {
    text: edited(text, edits),
    known: kept.map(({ name }) => name),
    unset: kept.flatMap(({ executor }) => (executor && !isUsed(executor) ? executor : [])),
  };
}

/** Its `forRoot()`, if that has no options. */
function bareCall(
  ts: Ts,
  nodes: readonly TypeScript.Node[],
  name: string,
): TypeScript.CallExpression | undefined {
  const callee = new RegExp(`(^|\\.)${name}\\.forRoot$`);
  return nodes
    .filter((node) => ts.isCallExpression(node))
    .find((call) => call.arguments.length === 0 && callee.test(call.expression.getText()));
}

/** After the last import, in its quotes; one for each package. */
function statements(ts: Ts, file: TypeScript.SourceFile, names: readonly Name[]): Edit[] {
  if (names.length === 0) return [];
  const last = file.statements.findLast((statement) => ts.isImportDeclaration(statement));
  const quote = last?.moduleSpecifier.getText(file)[0] ?? "'";
  const lines = [...new Set(names.map(({ from }) => from))].map((from) => {
    const its = names.filter((name) => name.from === from).map(({ name }) => name);
    return `import { ${its.join(', ')} } from ${quote}${from}${quote};`;
  });
  if (last === undefined) return [{ at: 0, text: `${lines.join('\n')}\n` }];
  return [{ at: last.end, text: `\n${lines.join('\n')}` }];
}

/**
 * After what is imported already: their options may read what `ConfigModule.forRoot()` puts into
 * the environment.
 */
function elements(
  ts: Ts,
  file: TypeScript.SourceFile,
  metadata: TypeScript.ObjectLiteralExpression,
  imports: TypeScript.ArrayLiteralExpression | undefined,
  missing: readonly Addition[],
): Edit[] {
  const calls = missing.map(callOf);
  if (imports === undefined) {
    const text = `\n  imports: ${arrayOf(calls)},`;
    const end = metadata.properties.length === 0 ? '\n' : '';
    return [{ at: metadata.getStart(file) + 1, text: text + end }];
  }
  const open = imports.getStart(file) + 1;
  const [first] = imports.elements;
  const last = imports.elements.at(-1);
  if (first === undefined || last === undefined)
    return [{ at: open, text: arrayOf(calls).slice(1, -1) }];
  // A comment behind the last element stays with it.
  const { end, hasTrailingComma } = imports.elements;
  const comment = ts.getTrailingCommentRanges(file.text, end)?.at(-1);
  const indent = /\n[ \t]*$/.exec(file.text.slice(open, first.getStart(file)))?.[0];
  const gap = indent ?? (comment ? '\n    ' : ' ');
  const text = calls.map((call) => gap + call).join(',') + (hasTrailingComma ? ',' : '');
  return [
    { at: comment?.end ?? end, text },
    ...(hasTrailingComma ? [] : [{ at: last.end, text: ',' }]),
  ];
}

function arrayOf(calls: readonly string[]): string {
  const line = `[${calls.join(', ')}]`;
  return line.length <= 80 ? line : `[\n${calls.map((call) => `    ${call},\n`).join('')}  ]`;
}

/** The later one of two at one place comes first. */
function edited(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.at - a.at)
    .reduce((result, { at, text: added }) => result.slice(0, at) + added + result.slice(at), text);
}
