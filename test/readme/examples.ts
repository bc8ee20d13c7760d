import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import { filesIn, root } from '../package/built.js';
import type { Page } from './pages.js';
import { type Program, programsIn } from './programs.js';

const shop = readFileSync(join(__dirname, 'shop.ts'), 'utf8');

/** Every name that an example may use without importing it, with the module that exports it. */
const modules: ReadonlyMap<string, string> = exportsOf([
  ['node_modules/@nestjs/common/index.d.ts', '@nestjs/common'],
  ['node_modules/@nestjs/microservices/index.d.ts', '@nestjs/microservices'],
  ['node_modules/@nestjs/terminus/dist/index.d.ts', '@nestjs/terminus'],
  ['node_modules/@nestjs/testing/index.d.ts', '@nestjs/testing'],
  ...integrations().map(
    (peer) => [`lib/integrations/${peer}/index.ts`, `nestjs-airlock/${peer}`] as const,
  ),
  ['lib/testing/index.ts', 'nestjs-airlock/testing'],
  ['lib/index.ts', 'nestjs-airlock'],
  ['test/readme/shop.ts', './shop.js'],
]);

/** The files of `lib/` whose doc comments show code, each block a program of its own. */
export function filesWithExamples(): readonly Page[] {
  return filesIn(join(root, 'lib')).flatMap((file) => {
    const source = readFileSync(file, 'utf8');
    if (!source.includes(' * ```ts\n')) return [];
    const programs = programsIn(source.replaceAll(/^ *\* ?/gm, '')).map(withImports);
    return [
      { path: relative(root, file).split(sep).join('/'), text: source, programs, isGlobal: false },
    ];
  });
}

function withImports(program: Program): Program {
  const [{ text, lines }] = [...program.files.values()] as [
    { text: string; lines: readonly number[] },
  ];
  const used = new Set(text.match(/\b[A-Za-z]\w*\b/g));
  const declared = new Set(
    [...text.matchAll(/\b(?:class|const|function) (\w+)/g)].map(([, name]) => name),
  );
  const imports = [...used].flatMap((name) => {
    const from = declared.has(name) ? undefined : modules.get(name);
    return from === undefined ? [] : [`import { ${name} } from '${from}';`];
  });
  const main = { text: `${imports.join(' ')} export {};\n${text}`, lines: [lines[0]!, ...lines] };
  return {
    ...program,
    files: new Map([
      ['main.ts', main],
      ['shop.ts', { text: shop, lines: [1] }],
    ]),
  };
}

function integrations(): readonly string[] {
  return readdirSync(join(root, 'lib/integrations'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

/** Of a name that two modules export, the last. */
function exportsOf(
  modulesOf: readonly (readonly [file: string, from: string])[],
): ReadonlyMap<string, string> {
  const entries = modulesOf.map(([file, from]) => [join(root, file), from] as const);
  const options = { module: ts.ModuleKind.NodeNext, noLib: true };
  const host = ts.createCompilerHost(options);
  // None of them exports names of another package, and to read those takes seconds.
  host.resolveModuleNameLiterals = (literals, importer) =>
    literals.map(({ text }) =>
      text.startsWith('.')
        ? ts.resolveModuleName(text, importer, options, host)
        : { resolvedModule: undefined },
    );
  const program = ts.createProgram(
    entries.map(([file]) => file),
    options,
    host,
  );
  const checker = program.getTypeChecker();
  return new Map(
    entries.flatMap(([file, from]) => {
      const symbol = checker.getSymbolAtLocation(program.getSourceFile(file)!);
      return checker.getExportsOfModule(symbol!).map(({ name }) => [name, from] as const);
    }),
  );
}
