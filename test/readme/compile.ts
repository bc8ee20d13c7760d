import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { root } from '../package/built.js';
import { node } from '../package/run.js';
import type { Page } from './pages.js';
import type { Program } from './programs.js';

export interface Compiled {
  /** "README.md:12 TS2304: Cannot find name …", for one program. */
  errorsOf(program: Program): readonly string[];
  /** Where the JavaScript of one program is. */
  folderOf(program: Program): string;
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
  const out = join(folder, 'compiled');
  const errors = [true, false].flatMap((isGlobal) => {
    const files = written
      .filter((one) => one.isGlobal === isGlobal)
      .flatMap((one) => [...one.files.values()]);
    return files.length === 0 ? [] : errorsIn(files, join(folder, `global-${isGlobal}.json`), out);
  });

  const placeOf = (program: Program) => {
    const place = written.find((one) => one.program === program);
    if (place === undefined) throw new Error(`${program.name} was not compiled.`);
    return place;
  };

  return {
    errorsOf: (program) => {
      const { path, files } = placeOf(program);
      return [...program.files].flatMap(([name, { lines }]) =>
        errors
          .filter(({ file }) => file === files.get(name))
          .map(({ line, text }) => `${path}:${lines[line - 1] ?? lines.at(-1)} ${text}`),
      );
    },
    folderOf: (program) => join(out, relative(root, placeOf(program).folder)),
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

interface Found {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

/** Has TypeScript compile some files. @param config is written */
function errorsIn(files: readonly string[], config: string, out: string): readonly Found[] {
  writeFileSync(config, JSON.stringify({ ...settings(out), files, include: [] }));
  const tsc = join(root, 'node_modules/typescript-7/bin/tsc');
  const { said } = node([tsc, '-p', config, '--pretty', 'false'], root);
  const found: Found[] = [];
  for (const line of said.split(/\r?\n/)) {
    const [, file, at, text] = /^(.+?)\((\d+),\d+\): error (TS.*)$/.exec(line) ?? [];
    if (file !== undefined)
      found.push({ file: resolve(root, file), line: Number(at), text: text! });
    else if (/^error /.test(line)) throw new Error(said);
  }
  return found;
}

/** Clients that recipes use and that stand in the folder of Nest 11 (jest.config.mjs). */
const besideNest11 = Object.fromEntries(
  ['@golevelup/nestjs-rabbitmq/lib/index.d.ts', 'inngest/index.d.ts'].map((types) => [
    types.replace(/(\/lib)?\/index\.d\.ts$/, ''),
    [join(root, 'test/nest-11/node_modules', types)],
  ]),
);

/** Those of `tsconfig.json`, except that an example may declare what only its reader uses. */
function settings(outDir: string): object {
  const file = join(root, 'tsconfig.json');
  const { compilerOptions } = JSON.parse(readFileSync(file, 'utf8')) as {
    compilerOptions: { paths: Record<string, readonly string[]> };
  };
  const paths = Object.entries(compilerOptions.paths).map(([name, targets]) => [
    name,
    targets.map((target) => join(root, target)),
  ]);
  return {
    extends: file,
    compilerOptions: {
      paths: { ...(Object.fromEntries(paths) as object), ...besideNest11 },
      rootDir: root,
      outDir,
      noEmit: false,
      declaration: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      types: ['node'],
    },
  };
}
