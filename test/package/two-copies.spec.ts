import { join } from 'node:path';
import { Installation } from './installation.js';
import { Packed, unpack } from './tarball.js';

const packed = new Packed();

const head = `
  require('reflect-metadata');
  const { Injectable, Inject } = require('@nestjs/common');
  const { NestFactory } = require('@nestjs/core');
  const airlock = require('nestjs-airlock');
  const boot = async (providers = []) =>
    NestFactory.createApplicationContext(
      { module: class App {}, imports: [airlock.AirlockModule.forRoot()], providers },
      { logger: false, abortOnError: false },
    );
  const print = (promise) => promise.then((value) => ({ value: typeof value }), ({ code, message, folders }) => ({ code, message, folders }))
    .then((said) => console.log(JSON.stringify(said)));
`;

interface Said {
  readonly value?: string;
  readonly code?: string;
  readonly message?: string;
  readonly folders?: readonly string[];
}

describe('when a workspace has two copies of the package installed', () => {
  let installation: Installation;
  let folders: readonly string[];

  beforeAll(() => {
    installation = new Installation(join(packed.folder, 'workspace'), packed.tarball, 'CJS', 11);
    const library = join(installation.folder, 'node_modules/orders');
    folders = [
      join(installation.folder, 'node_modules/nestjs-airlock'),
      unpack(packed.tarball, library),
    ];
    installation.write('node_modules/orders/package.json', {
      name: 'orders',
      version: '1.0.0',
      main: 'index.js',
    });
    installation.write(
      'node_modules/orders/index.js',
      "module.exports = require('nestjs-airlock');",
    );
  });

  const run = (program: string, ...nodeOptions: readonly string[]): Said => {
    installation.write('main.js', head + program);
    return JSON.parse(installation.run('main.js', ...nodeOptions)) as Said;
  };

  const namesBoth = (): object =>
    expect.objectContaining({
      code: 'AIRLOCK_TWO_COPIES',
      folders,
      message: expect.stringContaining(folders.join(' and ')),
    });

  it('refuses to boot, and names both folders', () => {
    expect(run(`require('orders'); print(boot());`)).toEqual(namesBoth());
    expect(run(`require('orders'); print(boot());`, '--no-experimental-require-module')).toEqual(
      namesBoth(),
    );
  }, 60_000);

  it('says that rather than that a provider of the other copy cannot be resolved', () => {
    const program = `
      const { EffectBuffer } = require('orders');
      class Orders { constructor(effects) {} }
      Inject(EffectBuffer)(Orders, undefined, 0);
      Injectable()(Orders);
      print(boot([Orders]));
    `;
    expect(run(program)).toEqual(namesBoth());
  }, 60_000);

  it('refuses a transaction and a call of the copy that comes later, rather than letting effects out or missing a scope', () => {
    const later = (use: string): string => `
      print(boot().then(async (app) => {
        const orders = require('orders');
        try { return await ${use}; } finally { await app.close(); }
      }));
    `;
    expect(
      run(
        later(
          `orders.trackTransactions(async (work) => work({}), () => orders.openFrame())(async () => {})`,
        ),
      ),
    ).toEqual(namesBoth());
    expect(run(later(`airlock.runInScope(() => orders.enqueue(() => {}))`))).toEqual(namesBoth());
  }, 60_000);
});

describe('when one installed copy is loaded twice', () => {
  it('boots, as CommonJS and as ES modules in one process', () => {
    const installation = new Installation(join(packed.folder, 'twice'), packed.tarball, 'CJS', 11);
    installation.write(
      'main.js',
      `${head} print(import('nestjs-airlock').then(() => boot()).then((app) => app.close()));`,
    );
    expect(JSON.parse(installation.run('main.js', '--no-experimental-require-module'))).toEqual({
      value: 'undefined',
    });
  }, 60_000);
});
