// The code blocks of the README and of all pages below `docs/` are real programs. How a fence says
// so:
//
//   ```ts                        a program of its own; compiled
//   ```ts group=shop             belongs to the program `shop`, with all other blocks of that group
//   ```ts group=shop run         … which is also run, on Node and `dist/`, from the file this block is in; it must end by itself, with
//                                0. A file called `….spec.ts` is run by Jest
//   ```text output               right after a block that is run: lines its output contains, in this order, each as often as here
//
// A block whose first line is `// orders/order.service.ts` starts that file; one without goes on
// with the file its group wrote last, at first `main.ts`. Files import each other as
// `./order.service.js`. What a program needs but a reader does not, such as imports or the class
// around a method, stands in `site/code/`, in the file of page and group, around a line `// …` for
// the blocks: `site/code/guide/http/dispatch.ts`, or `site/code/testing/recipes/recipes/shop.ts`
// where there are several files. All pages are compiled together, in
// two lots: those where something is declared globally (`/// <reference types="jest" />`), which
// all in that lot then see, and the others, which import what they need, also from `@jest/globals`.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { filesIn, refuseStaleBuild, root } from '../package/built.js';
import { node } from '../package/run.js';
import { type Compiled, compile } from './compile.js';
import { pagesWithCode, surroundings } from './pages.js';
import type { Program } from './programs.js';

const pages = pagesWithCode();
let folder: string;
let compiled: Compiled;

beforeAll(() => {
  // Inside the repository, so that the package's own name leads to `dist/`.
  mkdirSync(join(root, '.cache'), { recursive: true });
  folder = mkdtempSync(join(root, '.cache/readme-'));
  compiled = compile(pages, folder);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(pages)('when $path shows code', ({ programs }) => {
  const runnable = programs.filter(
    (program): program is Program & { entry: string } => program.entry !== undefined,
  );

  for (const program of programs) {
    it(`compiles: ${program.name}`, () => {
      expect(compiled.errorsOf(program)).toEqual([]);
    }, 60_000);
  }

  for (const program of runnable) {
    it(`runs${program.output === undefined ? '' : ' and prints what it says'}: ${program.name}`, () => {
      refuseStaleBuild();
      const entry = program.entry.replace(/\.ts$/, '.js');
      const folder = compiled.folderOf(program);
      const { status, stdout, said } = node(argumentsFor(entry, folder), folder, { PORT: '0' });
      if (status !== 0) throw new Error(`${program.name}/${entry} ended with ${status}:\n${said}`);
      if (program.output === undefined) return;
      const printed = stdout.split(/\r?\n/).map((line) => line.trimEnd());
      expect(printed.filter((line) => program.output?.includes(line))).toEqual(program.output);
    }, 200_000);
  }
});

it('keeps what pages do not show outside them, and nothing else', () => {
  expect(pages.filter(({ text }) => text.includes('<!--')).map(({ path }) => path)).toEqual([]);
  const groups = pages.flatMap(({ path, programs }) =>
    programs.map(({ name }) => `${path.replace(/^docs\/|\.md$/g, '')}/${name}`),
  );
  const kept = filesIn(join(root, surroundings)).map((file) =>
    relative(join(root, surroundings), file).split(sep).join('/'),
  );
  expect(kept.length).toBeGreaterThan(20);
  expect(kept.filter((file) => !groups.some((group) => isOf(group, file)))).toEqual([]);
});

it.each(['README.md', 'docs/testing/README.md', 'docs/testing/recipes.md'])(
  'has a program in %s that is run',
  (path) => {
    const programs = pages.find((page) => page.path === path)?.programs ?? [];
    expect(programs.filter(({ entry }) => entry !== undefined)).not.toEqual([]);
  },
);

function isOf(group: string, file: string): boolean {
  return file === `${group}.ts` || file.startsWith(`${group}/`);
}

function argumentsFor(entry: string, rootDir: string): readonly string[] {
  if (!entry.endsWith('.spec.js')) return [entry];
  const config = { rootDir, testMatch: [`<rootDir>/${entry}`], transform: {} };
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  return ['--experimental-vm-modules', jest, `--config=${JSON.stringify(config)}`];
}
