import { join } from 'node:path';
import ts from 'typescript';

/** Declarations that are not of the package, parsed once for all programs of a test file. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/**
 * Compiles the project in a folder, as `tsc` would; returns what is wrong with its own sources and
 * with the declarations of this package.
 */
export function compile(folder: string): string {
  const config = join(folder, 'tsconfig.json');
  const { options, fileNames, errors } = ts.parseJsonSourceFileConfigFileContent(
    ts.readJsonConfigFile(config, (file) => ts.sys.readFile(file)),
    ts.sys,
    folder,
    undefined,
    config,
  );
  const program = ts.createProgram(fileNames, options, hostOf(folder, options));

  // Only these files: the declarations of Nest and Node take long to check and are not ours to judge.
  const judged = program.getSourceFiles().filter(({ fileName }) => isOurs(fileName));
  const found = [
    ...errors,
    ...program.getOptionsDiagnostics(),
    ...judged.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ];
  // File by file: to emit the whole program, TypeScript checks all of it.
  for (const file of judged) if (!file.isDeclarationFile) program.emit(file);
  return ts.formatDiagnostics(found, {
    getCurrentDirectory: () => folder,
    getCanonicalFileName: (name) => name,
    getNewLine: () => '\n',
  });
}

function isOurs(file: string): boolean {
  return !file.includes('/node_modules/') || file.includes('/node_modules/nestjs-airlock/');
}

function hostOf(folder: string, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  return {
    ...host,
    getCurrentDirectory: () => folder,
    getSourceFile: (file, how, ...rest) => {
      if (isOurs(file)) return host.getSourceFile(file, how, ...rest);
      const key = `${file}\0${JSON.stringify(how)}`;
      if (!parsed.has(key)) parsed.set(key, host.getSourceFile(file, how, ...rest));
      return parsed.get(key);
    },
  };
}
