import { join } from 'node:path';
import { configs } from '../../../lib/eslint/index.js';
import { dirt, lintFolder } from './findings.js';
import { fixtures, versions } from './linters.js';

// The first use of a program reads the types of everything it imports.
jest.setTimeout(60_000);

const dirty = join(fixtures, 'dirty');
const sample = join(__dirname, '../../../sample');

describe.each(versions)('when the recommended rules run in $name', ({ ESLint }) => {
  it('find what is wrong in a dirty example', async () => {
    expect(await lintFolder(ESLint, dirty, {})).toEqual(dirt);
  });

  it('find more of it with types', async () => {
    const parserOptions = {
      project: './tsconfig.json',
      tsconfigRootDir: dirty,
      disallowAutomaticSingleRunInference: true,
    };
    expect(await lintFolder(ESLint, dirty, parserOptions)).toEqual([
      ...dirt,
      'orders.service.ts:54 no-floating-effects',
    ]);
  });

  it('read plain JavaScript with the parser that ESLint has anyway', async () => {
    const code = `
      import { enqueue, runInScope } from 'nestjs-airlock';
      class Orders {
        constructor(queue, db) { this.queue = queue; this.db = db; }
        async place(id) {
          await this.queue.add('reserve', { id });
          void this.remember(id);
          await this.db.transaction(async () => { await fetch('/orders/' + id); });
        }
        async remember(id) { await this.db.query('…'); enqueue(console.log, id); }
      }
      const policy = { onEnqueue() { enqueue(console.log, 1); } };
      await runInScope(() => new Orders().place(1));`;
    const eslint = new ESLint({ overrideConfigFile: true, overrideConfig: [configs.recommended] });
    const [result] = await eslint.lintText(code);
    expect(result!.messages.map(({ line, ruleId }) => `${line} ${ruleId}`)).toEqual([
      '6 nestjs-airlock/no-direct-dispatch',
      '7 nestjs-airlock/no-floating-effects',
      '8 nestjs-airlock/no-io-in-transaction',
      '12 nestjs-airlock/no-enqueue-in-policy',
    ]);
  });

  it('find nothing in the samples', async () => {
    expect(
      await lintFolder(ESLint, sample, {}, ['**/*.spec.ts', '**/add-parcel.ts', '**/generated/**']),
    ).toEqual([]);
  });

  it('find nothing in the samples with types', async () => {
    const parserOptions = {
      project: './sample.tsconfig.json',
      tsconfigRootDir: fixtures,
      disallowAutomaticSingleRunInference: true,
    };
    expect(
      await lintFolder(ESLint, sample, parserOptions, [
        '**/*.spec.ts',
        '**/add-parcel.ts',
        '08-prisma/**',
      ]),
    ).toEqual([]);
  });
});
