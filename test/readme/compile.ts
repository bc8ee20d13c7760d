import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { root } from '../package/built.js';
import type { Program } from './programs.js';

export interface Compiled {
  /** "README.md:12 TS2304: Cannot find name …", for one program. */
  errorsOf(program: Program): readonly string[];
  /** Writes one program's JavaScript beside its sources; returns the folder. */
  emit(program: Program): string;
}

/** Writes all programs below `folder` and compiles them together, against `lib/`, as strictly as this repository itself. */
export function compile(programs: readonly Program[], folder: string, markdown: string): Compiled {
  const pathOf = (program: Program, file: string) => join(folder, program.name, file);
  for (const program of programs) {
    for (const [file, { text }] of program.files) {
      mkdirSync(dirname(pathOf(program, file)), { recursive: true });
      writeFileSync(pathOf(program, file), text);
    }
  }
  const compilation = ts.createProgram(
    programs.flatMap((program) => [...program.files.keys()].map((file) => pathOf(program, file))),
    compilerOptions(),
  );
  const sourceOf = (program: Program, file: string): ts.SourceFile => {
    const source = compilation.getSourceFile(pathOf(program, file));
    if (source === undefined) throw new Error(`${program.name}/${file} was not compiled.`);
    return source;
  };

  return {
    errorsOf: (program) =>
      [...program.files].flatMap(([file, { lines }]) => {
        const source = sourceOf(program, file);
        const found = [...compilation.getSyntacticDiagnostics(source), ...compilation.getSemanticDiagnostics(source)];
        return found.map(({ code, messageText, start = 0 }) => {
          const line = lines[source.getLineAndCharacterOfPosition(start).line] ?? lines.at(-1);
          return `${relative(root, markdown)}:${line} TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
        });
      }),
    emit: (program) => {
      for (const file of program.files.keys()) compilation.emit(sourceOf(program, file));
      return join(folder, program.name);
    },
  };
}

/** Those of `tsconfig.json`, except that an example may declare what only its reader uses. */
function compilerOptions(): ts.CompilerOptions {
  const { config, error } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  if (error !== undefined) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'));
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ['package.json'] }, ts.sys, root);
  return {
    ...options,
    noEmit: false,
    declaration: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    types: ['node'],
  };
}
