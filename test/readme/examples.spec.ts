// Every `@example` in `lib/` compiles as it stands. It imports nothing: names come from
// `nestjs-airlock` and its sub-paths, from Nest, and from the shop in `shop.ts`.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { filesIn, root } from '../package/built.js';
import { type Compiled, compile } from './compile.js';
import { filesWithExamples } from './examples.js';

const files = filesWithExamples();
let folder: string;
let compiled: Compiled;

beforeAll(() => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  folder = mkdtempSync(join(root, '.cache/examples-'));
  compiled = compile(files, folder);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('finds every example in a fence, where it is not taken for prose', () => {
  const unfenced = filesIn(join(root, 'lib')).filter((file) =>
    /^ *\* @example(?!\n *\* ```ts\n)/m.test(readFileSync(file, 'utf8')),
  );
  expect(unfenced).toEqual([]);
});

describe.each(files)('when $path shows an example', ({ programs }) => {
  for (const program of programs) {
    it(`compiles: ${program.name}`, () => {
      expect(compiled.errorsOf(program)).toEqual([]);
    });
  }
});
