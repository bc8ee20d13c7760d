import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { node, run } from './run.js';
import { Packed } from './tarball.js';

/** The lowest version that `peerDependencies` allow; `HttpAdapterHost` has no `init$` there. */
const oldest = '11.0.0';

const program = `
  require('reflect-metadata');
  const { Controller, Get, Module } = require('@nestjs/common');
  const { NestFactory } = require('@nestjs/core');
  const { Test } = require('@nestjs/testing');
  const { AirlockModule, enqueue } = require('nestjs-airlock');

  const told = [];
  const tell = (what) => void told.push(what);
  class Orders {
    place() {
      enqueue(tell, 'placed');
      return 'placed';
    }
    refuse() {
      enqueue(tell, 'refused');
      throw new Error('refused');
    }
  }
  Controller()(Orders);
  for (const name of ['place', 'refuse'])
    Get(name)(Orders.prototype, name, Object.getOwnPropertyDescriptor(Orders.prototype, name));
  class App {}
  Module({ imports: [AirlockModule.forRoot()], controllers: [Orders] })(App);

  async function requests(app) {
    app.use((request, response, next) => {
      enqueue(tell, 'asked for ' + request.url);
      next();
    });
    await app.listen(0, '127.0.0.1');
    for (const path of ['/place', '/refuse']) await fetch((await app.getUrl()) + path);
    await app.close();
    return told.splice(0);
  }
  (async () => {
    const options = { logger: false, abortOnError: false };
    const module = await Test.createTestingModule({ imports: [App] }).compile();
    const context = await NestFactory.createApplicationContext(App, options);
    await context.close();
    console.log(
      JSON.stringify({
        application: await requests(await NestFactory.create(App, options)),
        tested: await requests(module.createNestApplication(options)),
      }),
    );
  })();
`;

/** All that it takes to be refused: the packages of a server are most of an installation. */
const withoutServer = `
  require('reflect-metadata');
  const { Module } = require('@nestjs/common');
  const { NestFactory } = require('@nestjs/core');
  const { AirlockModule } = require('nestjs-airlock');

  class App {}
  Module({ imports: [AirlockModule.forRoot()] })(App);
  NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
`;

const packed = new Packed();

/** Installs packages of one version of Nest beside this one, and runs a program. */
function runOn(
  version: string,
  main: string,
  parts: readonly string[],
  ...flags: string[]
): ReturnType<typeof node> {
  const folder = join(packed.folder, `nest-${version}`);
  mkdirSync(folder);
  const nest = parts.map((part) => [`@nestjs/${part}`, version]);
  const dependencies = {
    ...(Object.fromEntries(nest) as Record<string, string>),
    'nestjs-airlock': `file:${packed.tarball}`,
    'reflect-metadata': '^0.2.0',
    rxjs: '^7.2.0',
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  writeFileSync(join(folder, 'main.js'), main);
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  expect(run('npm', [...install, ...flags], folder)).toMatchObject({ status: 0 });
  return node(['main.js'], folder);
}

// Needs the registry of packages, as `npm ci` does.
describe('when an application has the oldest Nest that the package allows', () => {
  it('lets effects of middlewares and handlers out of requests that succeed, and of no others', () => {
    const { status, stdout, said } = runOn(oldest, program, [
      'core',
      'common',
      'platform-express',
      'testing',
    ]);
    expect({ status, said }).toEqual({ status: 0, said: stdout });
    const succeeded = ['asked for /place', 'placed'];
    expect(JSON.parse(stdout)).toEqual({ application: succeeded, tested: succeeded });
  }, 240_000);
});

describe('when a package manager was told to install the package beside Nest 10', () => {
  it('refuses that by name, since it closes other modules before effects have got out', () => {
    const { status, said } = runOn(
      '10.4.20',
      withoutServer,
      ['core', 'common'],
      '--legacy-peer-deps',
    );
    expect(status).not.toBe(0);
    expect(said).toContain('nestjs-airlock needs @nestjs/core >=11.0.0, but 10.4.20 is installed');
  }, 240_000);
});
