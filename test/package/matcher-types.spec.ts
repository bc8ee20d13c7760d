import { join } from 'node:path';
import { root } from './built.js';
import { type Format, Installation } from './installation.js';
import { Packed } from './tarball.js';

const packed = new Packed();

/**
 * A test that gets matchers and their types from nothing but the one import for its test runner.
 */
function testWith(entry: string, runner?: string): string {
  return [
    ...(runner ? [`import { expect } from '${runner}';`] : []),
    `import 'nestjs-airlock/testing/${entry}';`,
    'declare function ship(orderId: number): void;',
    'expect({}).toHaveEnqueued(ship, 7);',
    'expect({}).toHaveDispatchedTimes(ship, 2);',
    'expect({}).not.toHaveDropped(ship, { args: [7], reason: "policy" });',
    '// @ts-expect-error an order has a number',
    'expect({}).toHaveDropped(ship, { args: ["7"] });',
    '// @ts-expect-error no such matcher',
    'expect({}).toHaveEscaped(ship);',
    'export {};',
  ].join('\n');
}

describe('when a project imports what registers the matchers, and nothing else of the package', () => {
  it.each<
    [runner: string, entry: string, format: Format, from: string | undefined, packages: string[]]
  >([
    ['Jest, as ES modules', 'jest', 'ESM', undefined, ['@types/jest']],
    ['Jest, as CommonJS', 'jest', 'CJS', undefined, ['@types/jest']],
    ['@jest/globals', 'jest-globals', 'CJS', '@jest/globals', ['@jest/globals', '@jest/expect']],
    ['Vitest', 'vitest', 'ESM', 'vitest', ['vitest']],
  ])(
    'has their types in %s',
    (runner, entry, format, from, packages) => {
      const installation = new Installation(
        join(packed.folder, runner.replaceAll(/\W/g, '')),
        packed.tarball,
        format,
        12,
      );
      for (const name of ['@nestjs/testing', ...packages]) installation.link(name, root);
      installation.write('matchers.ts', testWith(entry, from));
      const types = entry === 'jest' ? ['node', 'jest'] : ['node'];
      const resolution = { module: format === 'ESM' ? 'nodenext' : 'node16' };
      expect(
        installation.compile(join(installation.folder, 'matchers.ts'), { types, ...resolution }),
      ).toBe('');
    },
    120_000,
  );
});
