import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './built.js';
import { Installation } from './installation.js';
import { run } from './run.js';
import { Packed } from './tarball.js';

/** What applications have that use no part of this package which would need more. */
const older: Readonly<Record<string, string>> = {
  '@jest/globals': '28.1.3',
  '@mikro-orm/core': '5.9.8',
  '@prisma/client': '5.22.0',
  bullmq: '5.28.0',
  'drizzle-orm': '0.27.2',
  eslint: '8.57.1',
  knex: '0.21.21',
  kysely: '0.25.0',
  'pg-boss': '9.0.3',
  sequelize: '5.22.5',
  typeorm: '0.3.12',
  vitest: '2.1.9',
};

const nest = {
  '@nestjs/common': '^11.0.0',
  '@nestjs/core': '^11.0.0',
  'reflect-metadata': '^0.2.0',
  rxjs: '^7.2.0',
};

const packed = new Packed();

/**
 * Lets npm find a version of each dependency, and returns how that ended. Needs the registry of
 * packages, as `npm ci` does.
 */
function resolve(folder: string, dependencies: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const dryRun = [
    'install',
    '--package-lock-only',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
  ];
  const { status, said } = run('npm', dryRun, folder);
  return status === 0 && !said.includes('ERESOLVE') ? 'resolved' : said;
}

describe('when an application has older versions of optional peers', () => {
  it('npm installs the package beside all of them', () => {
    const folder = join(packed.folder, 'npm');
    const dependencies = { 'nestjs-airlock': `file:${packed.tarball}`, ...nest, ...older };
    expect(resolve(folder, dependencies)).toBe('resolved');
  }, 240_000);

  it('has no range that refuses any of them, prereleases included', () => {
    const { peerDependencies, peerDependenciesMeta } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    ) as {
      readonly peerDependencies: Record<string, string>;
      readonly peerDependenciesMeta: Record<string, { readonly optional: boolean }>;
    };
    const optional = Object.keys(peerDependenciesMeta);
    // Without a range pnpm and Yarn link whichever version there is, and npm looks for none.
    expect(optional.filter((peer) => peer in peerDependencies)).toEqual([]);
    expect(optional).toEqual(expect.arrayContaining(Object.keys(older)));
  });
});

describe('when Nest is a dependency of a framework, and not of the application', () => {
  it('npm installs the package beside the Nest of the framework', () => {
    const framework = join(packed.folder, 'framework');
    mkdirSync(framework);
    const dependencies = { ...nest, '@nestjs/apollo': '13.1.0', '@nestjs/graphql': '13.1.0' };
    const manifest = { name: 'framework', version: '1.0.0', dependencies };
    writeFileSync(join(framework, 'package.json'), JSON.stringify(manifest));
    expect(run('npm', ['pack', '--silent'], framework)).toMatchObject({ status: 0 });

    const folder = join(packed.folder, 'shop');
    const shop = { framework: `file:${join(framework, 'framework-1.0.0.tgz')}` };
    expect(resolve(folder, shop)).toBe('resolved');
    expect(resolve(folder, { ...shop, 'nestjs-airlock': `file:${packed.tarball}` })).toBe(
      'resolved',
    );
    const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
      readonly packages: Record<string, { readonly version: string }>;
    };
    const copies = Object.keys(packages).filter((path) => path.endsWith('/@nestjs/common'));
    expect(copies.map((path) => packages[path]!.version)).toEqual([expect.stringMatching(/^11/)]);
  }, 240_000);
});

describe('when a part of the package is used that needs a newer peer', () => {
  /** Each part, what makes it look, and what it asks for. */
  const parts: Readonly<Record<string, [peer: string, use: string, range: string]>> = {
    bullmq: [
      'bullmq',
      "boot(part.AirlockBullMqModule.forRoot({ connection: 'redis://127.0.0.1' }))",
      '>=5.57.0',
    ],
    'cls-transactional': [
      '@nestjs-cls/transactional',
      'part.trackClsTransactions({ optionsFactory() {} })',
      '>=3.0.0',
    ],
    drizzle: ['drizzle-orm', 'part.trackDrizzleTransactions({ transaction() {} })', '>=0.28.0'],
    eslint: ['eslint', 'part', '>=9.0.0'],
    health: ['@nestjs/terminus', 'boot(part.AirlockHealthModule.forRoot())', '>=11.0.0'],
    knex: [
      'knex',
      'part.trackKnexTransactions(Object.assign(() => {}, { transaction() {}, transactionProvider() {}, context: {} }))',
      '>=0.95.0',
    ],
    kysely: [
      'kysely',
      'part.trackKyselyTransactions({ transaction() {}, withSchema() {}, getExecutor() {} })',
      '>=0.26.0',
    ],
    'mikro-orm': [
      '@mikro-orm/core',
      `part.trackMikroOrmTransactions({
        close() {},
        em: { getConnection() {}, getTransactionContext() {}, setTransactionContext() {}, resetTransactionContext() {}, fork() {} },
      })`,
      '>=6.0.0',
    ],
    opentelemetry: [
      '@opentelemetry/api',
      'boot(part.AirlockOpenTelemetryModule.forRoot())',
      '>=1.4.0',
    ],
    'pg-boss': [
      'pg-boss',
      'boot(part.AirlockPgBossModule.forRoot({ boss: {} }))',
      '^10.0.0 || >=12.30.0',
    ],
    prisma: ['@prisma/client', 'part.trackPrismaTransactions({ $transaction() {} })', '>=6.16.0'],
    sequelize: [
      'sequelize',
      'part.trackSequelizeTransactions({ transaction() {}, getDialect() {}, getQueryInterface() {} })',
      '>=6.0.0',
    ],
    typeorm: [
      'typeorm',
      'part.trackTypeOrmTransactions({ createQueryRunner() {}, driver: {} })',
      '>=0.3.20',
    ],
  };
  const installedVersions = {
    ...older,
    '@nestjs-cls/transactional': '2.4.3',
    '@nestjs/terminus': '10.3.0',
    '@opentelemetry/api': '1.0.0',
  };
  /** Exports that those versions do not have yet: an ESM import of one by its name fails. */
  const lacking: Readonly<Record<string, readonly string[]>> = {
    '@nestjs/terminus': ['HealthIndicatorService'],
    '@opentelemetry/api': ['createNoopMeter', 'metrics'],
  };

  const program = (load: string): string => `
    require('reflect-metadata');
    const { NestFactory } = require('@nestjs/core');
    const boot = async (imported) => {
      const { AirlockModule } = await ${load}('nestjs-airlock');
      const root = { module: class App {}, imports: [AirlockModule.forRoot(), imported] };
      await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
    };
    (async () => {
      const said = {};
      const tell = (name) => (error) => { said[name] = { ...error, message: error.message } };
      ${Object.entries(parts)
        .map(
          ([name, [, use]]) =>
            `await (async () => ${load}('nestjs-airlock/${name}'))().then((part) => ${use}).catch(tell('${name}'));`,
        )
        .join('\n')}
      console.log(JSON.stringify(said));
    })();
  `;

  /** Says its name and version, and hands out what this repository has under that name, or less. */
  function standIn(installation: Installation, name: string, version: string): void {
    mkdirSync(join(installation.folder, 'node_modules', name), { recursive: true });
    installation.write(join('node_modules', name, 'package.json'), {
      name,
      version,
      main: 'index.js',
    });
    const real = JSON.stringify(join(root, 'node_modules', name));
    const missing = lacking[name];
    installation.write(
      join('node_modules', name, 'index.js'),
      missing === undefined ? `module.exports = require(${real});` : without(missing, name, real),
    );
  }

  function without(missing: readonly string[], name: string, real: string): string {
    const names = Object.keys(require(name) as object).filter((key) => !missing.includes(key));
    // One by one, as Node finds the names that ESM can import by reading this.
    return [
      `const real = require(${real});`,
      ...names.map((key) => `exports.${key} = real.${key};`),
    ].join('\n');
  }

  it.each(['ESM', 'CJS'] as const)(
    'says so as soon as it is used, in an application that is %s',
    (format) => {
      const installation = new Installation(
        join(packed.folder, format),
        packed.tarball,
        format,
        11,
      );
      for (const [name, version] of Object.entries(installedVersions))
        standIn(installation, name, version);
      const head =
        "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
      installation.write(
        'old.js',
        format === 'ESM' ? head + program('import') : program('require'),
      );

      const said = JSON.parse(installation.run('old.js')) as Record<string, unknown>;
      for (const [name, [peer, , range]] of Object.entries(parts)) {
        const version = installedVersions[peer as keyof typeof installedVersions];
        expect([name, said[name]]).toEqual([
          name,
          expect.objectContaining({
            code: 'AIRLOCK_PEER_VERSION',
            neededBy: `nestjs-airlock/${name}`,
            version,
            range,
            message: expect.stringContaining(
              `nestjs-airlock/${name} needs ${peer} ${range}, but ${version} is installed in `,
            ),
          }),
        ]);
      }
    },
    60_000,
  );
});
