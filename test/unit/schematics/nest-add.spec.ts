import { type NestAddOptions } from '../../../lib/schematics/additions.js';
import { nestAdd } from '../../../lib/schematics/nest-add.js';

const main = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: false });
`;

/** Files in memory, as the CLI hands them over before it writes any. */
function add(files: Record<string, string>, options: NestAddOptions = {}) {
  const said: string[] = [];
  const logger = {
    info: (text: string) => said.push(text),
    warn: (text: string) => said.push(text),
  };
  const tree = {
    exists: (path: string) => path in files,
    readText: (path: string) => files[path]!,
    overwrite: (path: string, content: string) => void (files[path] = content),
  };
  nestAdd(options)(tree, { logger });
  return { files, said };
}

const moduleWith = (metadata: string): string =>
  `import { Module } from '@nestjs/common';\n\n@Module(${metadata})\nexport class AppModule {}\n`;

describe('when AirlockModule is added to a root module', () => {
  it.each([
    ['has no metadata', '{}', '{\n  imports: [AirlockModule.forRoot()],\n}'],
    [
      'has no imports',
      '{\n  providers: [A],\n}',
      '{\n  imports: [AirlockModule.forRoot()],\n  providers: [A],\n}',
    ],
    ['imports nothing', '{ imports: [] }', '{ imports: [AirlockModule.forRoot()] }'],
    [
      'imports in one line',
      '{ imports: [A, ...more] }',
      '{ imports: [A, ...more, AirlockModule.forRoot()] }',
    ],
    [
      'imports in many lines',
      '{\n  imports: [\n    // A comment of A.\n    A.forRoot({\n      x: [],\n    }),\n  ],\n}',
      '{\n  imports: [\n    // A comment of A.\n    A.forRoot({\n      x: [],\n    }),\n    AirlockModule.forRoot(),\n  ],\n}',
    ],
    [
      'has a comment behind the last import',
      '{\n  imports: [\n    A, // A comment of A.\n  ],\n}',
      '{\n  imports: [\n    A, // A comment of A.\n    AirlockModule.forRoot(),\n  ],\n}',
    ],
    [
      'has a comment and no comma behind the last import',
      '{\n  imports: [\n    A // A comment of A.\n  ],\n}',
      '{\n  imports: [\n    A, // A comment of A.\n    AirlockModule.forRoot()\n  ],\n}',
    ],
    [
      'names it in a comment only',
      '{\n  imports: [\n    // TODO: AirlockModule\n    A,\n  ],\n}',
      '{\n  imports: [\n    // TODO: AirlockModule\n    A,\n    AirlockModule.forRoot(),\n  ],\n}',
    ],
    ['quotes the key', "{ 'imports': [A] }", "{ 'imports': [A, AirlockModule.forRoot()] }"],
  ])('stands last where it %s', (_, before, after) => {
    const { files } = add({ 'src/app.module.ts': moduleWith(before) });
    expect(files['src/app.module.ts']).toBe(
      moduleWith(after).replace(
        `'@nestjs/common';`,
        `'@nestjs/common';\nimport { AirlockModule } from 'nestjs-airlock';`,
      ),
    );
  });

  it('is left alone where it stands already, and so is the file', () => {
    const before = moduleWith('{ imports: [AirlockModule.forRootAsync(options)] }');
    const { files, said } = add({ 'src/app.module.ts': before });
    expect(files['src/app.module.ts']).toBe(before);
    expect(said).toEqual([
      'AirlockModule is imported in src/app.module.ts already, and stays as it is.',
    ]);
  });

  it('is known by the name that the file gives it', () => {
    const before = `import { AirlockModule as Airlock } from 'nestjs-airlock';\n${moduleWith('{ imports: [Airlock.forRoot()] }')}`;
    expect(add({ 'src/app.module.ts': before }).files['src/app.module.ts']).toBe(before);
  });

  it('gets no second import statement where it has one', () => {
    const statement = `import { AirlockModule } from 'nestjs-airlock';\n`;
    const { files } = add({ 'src/app.module.ts': statement + moduleWith('{ imports: [A] }') });
    expect(files['src/app.module.ts']).toBe(
      statement + moduleWith('{ imports: [A, AirlockModule.forRoot()] }'),
    );
  });

  it('goes into the module of the application where a file has two', () => {
    const part = '@Module({ imports: [A] })\nclass Part {}\n';
    const { files } = add({
      'src/main.ts': main,
      'src/app.module.ts': part + moduleWith('{ imports: [Part] }'),
    });
    expect(files['src/app.module.ts']).toContain(part);
    expect(files['src/app.module.ts']).toContain('[Part, AirlockModule.forRoot()]');
  });

  it('uses the quotes of the file', () => {
    const { files } = add({ 'src/app.module.ts': moduleWith('{}').replaceAll("'", '"') });
    expect(files['src/app.module.ts']).toContain('import { AirlockModule } from "nestjs-airlock";');
  });

  it('finds the module that main.ts creates the application of', () => {
    const root = moduleWith('{}');
    const { files } = add(
      {
        'apps/shop/main.ts': main.replace('app.module.js', 'shop/root.module.js'),
        'apps/shop/app.module.ts': root,
        'apps/shop/shop/root.module.ts': root,
      },
      { sourceRoot: 'apps/shop' },
    );
    expect(files['apps/shop/app.module.ts']).toBe(root);
    expect(files['apps/shop/shop/root.module.ts']).toContain('AirlockModule.forRoot()');
  });

  it('brings the modules of an ORM and an engine, and says what they need and is not there', () => {
    const { files, said } = add(
      {
        'src/app.module.ts': moduleWith('{}'),
        'package.json': JSON.stringify({ dependencies: { '@mikro-orm/core': '*' } }),
      },
      { orm: 'mikro-orm', engine: 'bullmq' },
    );
    expect(files['src/app.module.ts']).toMatchSnapshot();
    expect(said).toEqual(['Not among the dependencies of package.json: bullmq, ioredis.']);
  });
});

describe('when an engine is added to a module that has AirlockModule', () => {
  const withAirlock = (call: string): Record<string, string> => ({
    'package.json': JSON.stringify({ dependencies: { bullmq: '*', ioredis: '*' } }),
    'src/app.module.ts': `import { AirlockModule } from 'nestjs-airlock';\n${moduleWith(`{ imports: [ConfigModule.forRoot(), ${call}] }`)}`,
  });
  const engine = 'bullmq';

  it('sets the executor where it has no options, and does so once', () => {
    const { files, said } = add(withAirlock('AirlockModule.forRoot()'), { engine });
    expect(files['src/app.module.ts']).toMatchSnapshot();
    expect(said).toEqual([]);
    const before = files['src/app.module.ts'];
    const again = add(files, { engine });
    expect(again.files['src/app.module.ts']).toBe(before);
    expect(again.said).toEqual([
      'AirlockModule is imported in src/app.module.ts already, and stays as it is.',
      'AirlockBullMqModule is imported in src/app.module.ts already, and stays as it is.',
    ]);
  });

  it.each(['AirlockModule.forRoot({ log: true })', 'AirlockModule.forRootAsync(options)'])(
    'leaves %s alone, and says what to set',
    (call) => {
      const { files, said } = add(withAirlock(call), { engine });
      expect(files['src/app.module.ts']).toContain(`[ConfigModule.forRoot(), ${call}, `);
      expect(files['src/app.module.ts']).not.toContain('BullMqExecutor');
      expect(said).toEqual([
        'AirlockModule is imported in src/app.module.ts already, and stays as it is.',
        'Effects stay in the process until AirlockModule has the executor: import BullMqExecutor from nestjs-airlock/bullmq in src/app.module.ts, and set `executor: BullMqExecutor` in the options of AirlockModule.',
      ]);
    },
  );
});

describe('when a root module cannot be changed', () => {
  it.each([
    ['has no module', 'export const AppModule = 1;\n', 'no class with `@Module({ … })`'],
    ['has metadata from elsewhere', moduleWith('metadata'), 'no class with `@Module({ … })`'],
    [
      'has imports from elsewhere',
      moduleWith('{ imports: all }'),
      '`imports` of its module is not an array that is written down in place',
    ],
    ['has several modules', moduleWith('{}').repeat(2), 'It has several modules'],
  ])('says what to do by hand where the file %s', (_, text, why) => {
    expect(() => add({ 'src/app.module.ts': text })).toThrow(
      new RegExp(
        `^src/app\\.module\\.ts stays as it is\\..*${why.replace(/[{}().$]/g, '\\$&')}.*Import by hand, in the root module: AirlockModule\\.forRoot\\(\\)\\.$`,
      ),
    );
  });

  it('says so where there is none', () => {
    expect(() => add({})).toThrow('There is no src/app.module.ts. Name it: --module.');
  });
});
