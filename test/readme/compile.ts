import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { root } from '../package/built.js';
import type { Page } from './pages.js';
import type { Program } from './programs.js';

export interface Compiled {
  /** "README.md:12 TS2304: Cannot find name …", for one program. */
  errorsOf(program: Program): readonly string[];
  /** Writes one program's JavaScript beside its sources; returns the folder. */
  emit(program: Program): string;
}

/**
 * Writes all programs below `folder` and compiles them, against `lib/`, as strictly as this
 * repository itself: together, which is several times as fast as page by page. Pages that declare
 * something globally stand apart, since all that are compiled with them see it.
 */
export function compile(pages: readonly Page[], folder: string): Compiled {
  const written = pages.flatMap(({ path, programs, isGlobal }) =>
    programs.map((program) => ({
      program,
      path,
      isGlobal,
      ...write(program, join(folder, slugOf(path), program.name)),
    })),
  );
  const options = compilerOptions();
  const host = hostThatReadsOnce(options);
  const compilationOf = (isGlobal: boolean) => {
    const files = written
      .filter((one) => one.isGlobal === isGlobal)
      .flatMap((one) => [...one.files.values()]);
    return ts.createProgram(files, options, host);
  };
  const compilations = { global: compilationOf(true), other: compilationOf(false) };

  const placeOf = (program: Program) => {
    const place = written.find((one) => one.program === program);
    if (place === undefined) throw new Error(`${program.name} was not compiled.`);
    return { ...place, compilation: place.isGlobal ? compilations.global : compilations.other };
  };

  return {
    errorsOf: (program) => {
      const { path, files, compilation } = placeOf(program);
      return [...program.files].flatMap(([file, { lines }]) => {
        const source = sourceOf(compilation, files.get(file));
        const found = [
          ...compilation.getSyntacticDiagnostics(source),
          ...compilation.getSemanticDiagnostics(source),
        ];
        return found.map(({ code, messageText, start = 0 }) => {
          const line = lines[source.getLineAndCharacterOfPosition(start).line] ?? lines.at(-1);
          return `${path}:${line} TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
        });
      });
    },
    emit: (program) => {
      const { files, compilation, ...place } = placeOf(program);
      for (const file of files.values()) compilation.emit(sourceOf(compilation, file));
      return place.folder;
    },
  };
}

function write(
  program: Program,
  folder: string,
): { folder: string; files: ReadonlyMap<string, string> } {
  const files = new Map([...program.files.keys()].map((file) => [file, join(folder, file)]));
  for (const [file, { text }] of program.files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return { folder, files };
}

const slugOf = (path: string): string => path.replace(/\W+/g, '-');

function sourceOf(compilation: ts.Program, file = ''): ts.SourceFile {
  const source = compilation.getSourceFile(file);
  if (source === undefined) throw new Error(`${file} was not compiled.`);
  return source;
}

/** Two compilations share what both import. */
function hostThatReadsOnce(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const sources = new Map<string, ts.SourceFile | undefined>();
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...how) => {
    if (!sources.has(file)) sources.set(file, read(file, ...how));
    return sources.get(file);
  };
  const resolutions = ts.createModuleResolutionCache(root, (file) => file, options);
  host.getModuleResolutionCache = () => resolutions;
  return host;
}

/** Clients that recipes use and that stand in the folder of Nest 11 (jest.config.mjs). */
const besideNest11 = Object.fromEntries(
  ['@golevelup/nestjs-rabbitmq/lib/index.d.ts', 'inngest/index.d.ts'].map((types) => [
    types.replace(/(\/lib)?\/index\.d\.ts$/, ''),
    [join(root, 'test/nest-11/node_modules', types)],
  ]),
);

/** Those of `tsconfig.json`, except that an example may declare what only its reader uses. */
function compilerOptions(): ts.CompilerOptions {
  const { config, error } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  );
  if (error !== undefined)
    throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'));
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, include: [], files: ['package.json'] },
    ts.sys,
    root,
  );
  return {
    ...options,
    paths: { ...options.paths, ...besideNest11 },
    noEmit: false,
    declaration: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    types: ['node'],
  };
}
