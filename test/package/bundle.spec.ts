import { nodeResolve } from '@rollup/plugin-node-resolve';
import { join } from 'node:path';
import { rollup } from 'rollup';
import { Installation } from './installation.js';
import { Packed } from './tarball.js';

const program = `
  import 'reflect-metadata';
  import { NestFactory } from '@nestjs/core';
  import { AirlockModule, enqueue, runInScope } from 'nestjs-airlock';

  const application = { module: class App {}, imports: [AirlockModule.forRoot()] };
  NestFactory.createApplicationContext(application, { logger: false, abortOnError: false })
    .then(async (app) => {
      await runInScope(() => enqueue(console.log, 'out'));
      await app.close();
    });
`;

const packed = new Packed();

describe('when an application bundles the package', () => {
  it('asks for nothing that ES modules have and a script has not, and runs as one', async () => {
    const folder = join(packed.folder, 'bundled');
    const installation = new Installation(folder, packed.tarball, 'ESM', 12);
    installation.write('main.js', program);

    const asked: (string | null)[] = [];
    const named: string[] = [];
    const bundle = await rollup({
      input: join(folder, 'main.js'),
      external: /^(node:|@nestjs\/|rxjs|reflect-metadata)/,
      plugins: [
        nodeResolve(),
        {
          name: 'import.meta',
          transform: (code, id) => {
            // webpack replaces what this makes by `undefined`.
            if (/import\s*\{[^}]*\bcreateRequire\b/.test(code)) named.push(id);
          },
          resolveImportMeta: (property) => {
            asked.push(property);
            return null;
          },
        },
      ],
    });
    await bundle.write({ file: join(folder, 'bundle.cjs'), format: 'cjs' });

    expect(asked).toEqual([]);
    expect(named).toEqual([]);
    expect(installation.run('bundle.cjs')).toBe('out\n');
  }, 120_000);
});
