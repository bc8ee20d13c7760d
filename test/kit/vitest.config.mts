import { type Options, transform } from '@swc/core';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** As the suites of this repository are compiled. */
const swc: Options = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
  module: { type: 'es6' },
  sourceMaps: true,
};

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The kit's specs under Vitest, with decorators' metadata, which esbuild does not write. */
export default defineConfig({
  root,
  cacheDir: '.cache/vitest',
  esbuild: false,
  plugins: [
    {
      name: 'swc',
      enforce: 'pre',
      async transform(code, id) {
        if (!/\.ts$/.test(id) || id.includes('/node_modules/')) return;
        return transform(code, { ...swc, filename: id });
      },
    },
  ],
  resolve: {
    alias: {
      'nestjs-airlock/testing': `${root}lib/testing/index.ts`,
      'nestjs-airlock': `${root}lib/index.ts`,
    },
  },
  test: {
    globals: true,
    testTimeout: 20_000,
    include: ['test/unit/testing/**/*.spec.ts', 'test/kit/vitest.test.ts'],
    exclude: ['test/unit/testing/other-runners.spec.ts'],
    pool: 'forks',
    poolOptions: { forks: { singleFork: true } },
    // A process for each file would load Nest in each, which took half of the time.
    isolate: false,
  },
});
