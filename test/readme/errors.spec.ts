// Each code that the source raises has its entry in docs/errors.md, and no other has.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesIn, root } from '../package/built.js';

const raised = new Map(
  filesIn(join(root, 'lib'))
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => codesIn(readFileSync(file, 'utf8'))),
);
const entries = new Map(
  readFileSync(join(root, 'docs/errors.md'), 'utf8')
    .split(/^### /m)
    .slice(1)
    .map((entry) => [entry.split('\n', 1)[0]!, entry] as const),
);

describe('when the code of an error is looked up', () => {
  it('is there, and nothing else is', () => {
    expect(raised.size).toBeGreaterThan(15);
    expect([...entries.keys()].sort()).toEqual([...raised.keys()].sort());
  });

  it.each([...raised])('has an entry for %s that begins with %s', (code, name) => {
    expect(entries.get(code)?.split('\n')[2]).toMatch(new RegExp(`^\`${name}\`: `));
  });
});

/** The codes in a file, each with the class of the error that carries it. */
function codesIn(source: string): readonly (readonly [code: string, name: string])[] {
  const name = /^export class (\w+Error)\b/m.exec(source)?.[1] ?? 'AirlockError';
  const codes = source.matchAll(
    /(?:super\(|new AirlockError\(|\bcode = |^ *)\s*'(AIRLOCK_[A-Z_]+)'/gm,
  );
  return [...codes].map(([, code = '']) => [code, name] as const);
}
