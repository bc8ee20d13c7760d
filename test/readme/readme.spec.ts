// The README's code blocks are real programs. How a fence says so:
//
//   ```ts                        a program of its own; compiled
//   ```ts group=shop             belongs to the program `shop`, with all other blocks of that group
//   ```ts group=shop run         … which is also run, on Node and `dist/`, from the file this block is in; it must end by itself, with 0
//   ```text output               right after a block that is run: lines its output contains, in this order, each as often as here
//
// A block whose first line is `// orders/order.service.ts` starts that file; one without goes on with the file its group
// wrote last, at first `main.ts`. Files import each other as `./order.service.js`. What a program needs but a reader does
// not, such as imports, may stand in a block inside `<!-- … -->`.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { refuseStaleBuild, root } from '../package/built.js';
import { node } from '../package/run.js';
import { type Compiled, compile } from './compile.js';
import { type Program, programsIn } from './programs.js';

const readme = join(root, 'README.md');
const programs = existsSync(readme) ? programsIn(readFileSync(readme, 'utf8')) : [];
const runnable = programs.filter((program): program is Program & { entry: string } => program.entry !== undefined);

describe('when the README shows code', () => {
  let folder: string;
  let compiled: Compiled;

  beforeAll(() => {
    // Inside the repository, so that the package's own name leads to `dist/`.
    mkdirSync(join(root, '.cache'), { recursive: true });
    folder = mkdtempSync(join(root, '.cache/readme-'));
    compiled = compile(programs, folder, readme);
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has TypeScript blocks, of which at least one is run', () => {
    expect(whatIsMissing()).toBeUndefined();
  });

  for (const program of programs) {
    it(`compiles: ${program.name}`, () => {
      expect(compiled.errorsOf(program)).toEqual([]);
    }, 60_000);
  }

  for (const program of runnable) {
    it(`runs${program.output === undefined ? '' : ' and prints what it says'}: ${program.name}`, () => {
      refuseStaleBuild();
      const entry = program.entry.replace(/\.ts$/, '.js');
      const { status, stdout, said } = node([entry], compiled.emit(program), { PORT: '0' });
      if (status !== 0) throw new Error(`${program.name}/${entry} ended with ${status}:\n${said}`);
      if (program.output === undefined) return;
      const printed = stdout.split(/\r?\n/).map((line) => line.trimEnd());
      expect(printed.filter((line) => program.output?.includes(line))).toEqual(program.output);
    }, 200_000);
  }
});

function whatIsMissing(): string | undefined {
  if (!existsSync(readme)) return 'README.md is missing.';
  if (programs.length === 0) return 'README.md has no ```ts block, so nothing in it is known to work.';
  if (runnable.length === 0) return 'README.md has no block with `run` in its fence, so nothing in it is known to run.';
  return undefined;
}
