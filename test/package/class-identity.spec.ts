import { join } from 'node:path';
import { Installation } from './installation.js';
import { Packed } from './tarball.js';

const program = `
  import { createRequire } from 'node:module';
  import * as imported from 'nestjs-airlock';
  const required = createRequire(import.meta.url)('nestjs-airlock');

  const refused = new required.NoScopeError('mail');
  const undelivered = new required.DispatchError([], 'request');
  console.log(JSON.stringify({
    names: Object.keys(imported).length,
    missing: Object.keys(imported).filter((name) => !(name in required)),
    different: Object.keys(imported).filter((name) => imported[name] !== required[name]),
    renamed: Object.keys(imported).filter((name) => typeof imported[name] === 'function' && imported[name].name !== name),
    refused: ['AirlockError', 'NoScopeError', 'ScopeStateError'].map((name) => refused instanceof imported[name]),
    undelivered: ['AirlockError', 'DispatchError', 'NoScopeError'].map((name) => undelivered instanceof imported[name]),
    aggregate: undelivered instanceof AggregateError,
  }));
`;

interface Comparison {
  readonly names: number;
  readonly missing: readonly string[];
  readonly different: readonly string[];
  readonly renamed: readonly string[];
  readonly refused: readonly boolean[];
  readonly undelivered: readonly boolean[];
  readonly aggregate: boolean;
}

const packed = new Packed();

describe.each([12, 11] as const)(
  'when one process on Nest %d both imports and requires the package',
  (nest) => {
    let installation: Installation;

    beforeAll(() => {
      installation = new Installation(
        join(packed.folder, `nest-${nest}`),
        packed.tarball,
        'ESM',
        nest,
      );
      installation.write('main.js', program);
    });

    const compare = (...nodeOptions: readonly string[]): Comparison =>
      JSON.parse(installation.run('main.js', ...nodeOptions)) as Comparison;

    it('gives both the same classes', () => {
      const { names, missing, different, renamed } = compare();
      expect({ missing, different, renamed }).toEqual({ missing: [], different: [], renamed: [] });
      expect(names).toBeGreaterThan(30);
    }, 60_000);

    // Nest 12 itself is ESM only and cannot be required there at all.
    if (nest === 11) {
      it('gives two copies where Node cannot require ES modules, and their errors are instances of each other by brand', () => {
        const { missing, different, refused, undelivered, aggregate } = compare(
          '--no-experimental-require-module',
        );
        expect(missing).toEqual([]);
        expect(different).toEqual(expect.arrayContaining(['AirlockError', 'EffectBuffer']));
        expect(refused).toEqual([true, true, false]);
        expect(undelivered).toEqual([true, true, false]);
        expect(aggregate).toBe(true);
      }, 60_000);
    }
  },
);
