import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './built.js';
import { Installation } from './installation.js';
import { node } from './run.js';
import { Packed } from './tarball.js';

const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
// Takes a fifth of the time of the version before it.
const tsc = join(root, 'node_modules/typescript-7/bin/tsc');
const packed = new Packed();

beforeAll(() => {
  const { status, said } = node(
    [nest, 'new', 'made', '--skip-install', '--skip-git', '--package-manager', 'npm'],
    packed.folder,
  );
  if (status !== 0) throw new Error(said);
}, 60_000);

/** What `nest new` makes, with the package installed. */
function newApplication(name: string): Installation {
  cpSync(join(packed.folder, 'made'), join(packed.folder, name), { recursive: true });
  const installation = new Installation(join(packed.folder, name), packed.tarball, 'ESM', 12);
  // What its tsconfig.json names.
  for (const name of ['typescript', 'vitest']) installation.link(name, root);
  return installation;
}

function add({ folder }: Installation, ...options: readonly string[]): string {
  const { status, said } = node(
    [nest, 'add', 'nestjs-airlock', '--skip-install', ...options],
    folder,
  );
  if (status !== 0) throw new Error(said);
  return said;
}

const build = ({ folder }: Installation): string =>
  node([tsc, '-p', 'tsconfig.build.json'], folder).said;

describe('when `nest add nestjs-airlock` runs in what `nest new` has made', () => {
  it('imports the module, once, and the application starts with it', () => {
    const application = newApplication('plain');
    add(application);
    expect(add(application)).toContain('AirlockModule is imported in src/app.module.ts already');
    expect(readFileSync(join(application.folder, 'src/app.module.ts'), 'utf8')).toContain(
      '  imports: [AirlockModule.forRoot()],\n',
    );
    expect(build(application)).toBe('');
    application.write(
      'boot.js',
      `import { NestFactory } from '@nestjs/core';
       import { AppModule } from './dist/app.module.js';
       import { AirlockService } from 'nestjs-airlock';
       const app = await NestFactory.create(AppModule, { logger: false });
       await app.init();
       console.log(app.get(AirlockService).explain().entryPoints.map(({ name }) => name).join());
       await app.close();`,
    );
    expect(application.run('boot.js')).toBe('AppController.getHello\n');
  }, 120_000);

  it('imports what an ORM and an engine need, which compiles', () => {
    const application = newApplication('typeorm');
    for (const peer of ['typeorm', 'pg-boss']) application.link(peer, root);
    expect(add(application, '--orm', 'typeorm', '--engine', 'pg-boss')).toContain(
      'Not among the dependencies of package.json: typeorm, pg-boss.',
    );
    expect(build(application)).toBe('');
  }, 120_000);
});
