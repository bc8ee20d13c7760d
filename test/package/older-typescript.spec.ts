import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './built.js';
import { Installation } from './installation.js';
import { Packed } from './tarball.js';

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>;
};
const subPaths = Object.keys(exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace(/^\./, 'nestjs-airlock'));

/** What the declarations of the sub-paths name; each as this repository has it. */
const peers = [
  '@jest/expect',
  '@jest/globals',
  '@nestjs-cls/transactional',
  '@nestjs/testing',
  '@types/jest',
  'bullmq',
];
const nestPeers = ['@nestjs/microservices', '@nestjs/terminus'];

const packed = new Packed();

describe('when an application compiles as the templates of Nest 11 and older did', () => {
  let installation: Installation;

  beforeAll(() => {
    installation = new Installation(join(packed.folder, 'node10'), packed.tarball, 'CJS', 11);
    for (const peer of peers) installation.link(peer, root);
    for (const peer of nestPeers) installation.link(peer, join(root, 'test/nest-11'));
  });

  it('finds every sub-path, and declarations that need nothing newer than ES2021, checked too', () => {
    const imports = subPaths.map((path, i) => `import * as part${i} from '${path}';`);
    installation.write(
      'parts.ts',
      [
        ...imports,
        `export const parts: object[] = [${imports.map((_, i) => `part${i}`).join(', ')}];`,
        '// @ts-expect-error the types are there, not any',
        `part${subPaths.indexOf('nestjs-airlock/bullmq')}.noSuchExport;`,
      ].join('\n'),
    );
    const said = installation.compile(join(installation.folder, 'parts.ts'), {
      target: 'es2021',
      lib: ['es2021'],
      module: 'commonjs',
      moduleResolution: 'node10',
      ignoreDeprecations: '6.0',
      types: ['node', 'jest'],
    });
    expect(said).toBe('');
  }, 120_000);
});
