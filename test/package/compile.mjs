// Compiles the project in the current folder, as `tsc` would, and prints what is wrong with its own
// sources and with the declarations of this package.
import ts from 'typescript';

const host = {
  getCurrentDirectory: () => process.cwd(),
  getCanonicalFileName: (name) => name,
  getNewLine: () => '\n',
};
const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path));
const { options, fileNames, errors } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
const program = ts.createProgram(fileNames, options);

// Only these files: the declarations of Nest and Node take long to check and are not ours to judge.
const judged = program
  .getSourceFiles()
  .filter(
    ({ fileName }) =>
      !fileName.includes('/node_modules/') || fileName.includes('/node_modules/nestjs-airlock/'),
  );
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
process.stdout.write(ts.formatDiagnostics(found, host));
