// Each option of the module has a row on its page, and names in an editor the page that explains it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../package/built.js';

const [, source = ''] = readFileSync(
  join(root, 'lib/nest/options/airlock-options.ts'),
  'utf8',
).split('export interface AirlockModuleOptions {');
const options = [...source.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\s+readonly (\w+)\?:/gs)].map(
  ([, comment = '', name = '']) => [name, / @see (\S+)/.exec(comment)?.[1]] as const,
);
const page = readFileSync(join(root, 'docs/guide/options.md'), 'utf8');

describe('when an option is looked up', () => {
  it('has a row, and nothing else has', () => {
    const rows = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);
    expect(options.length).toBeGreaterThan(15);
    expect(rows.sort()).toEqual(options.map(([name]) => name).sort());
  });

  it.each(options)('names the page of %s in an editor', (_name, target = '') => {
    expect(target).toMatch(/\.md$/);
    expect(existsSync(join(root, target))).toBe(true);
  });
});
