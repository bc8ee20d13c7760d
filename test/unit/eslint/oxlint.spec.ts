import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transformFileSync } from '@swc/core';
import { configs, meta } from '../../../lib/eslint/index.js';
import { dirt, finding, type Findings } from './findings.js';
import { fixtures } from './linters.js';

jest.setTimeout(60_000);

const root = join(__dirname, '../../..');

/** The plugin as JavaScript, a config that uses it, and a copy of the dirty example. */
function install(folder: string): void {
  const source = join(root, 'lib');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((path) => /^(eslint|errors|installation)\b.*\.ts$/.test(path))) {
    const target = join(folder, 'plugin', file.replace(/ts$/, 'js'));
    mkdirSync(dirname(target), { recursive: true });
    const { code } = transformFileSync(join(source, file), {
      swcrc: false,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'es6' },
    });
    writeFileSync(target, code);
  }
  writeFileSync(join(folder, 'plugin/package.json'), '{ "type": "module" }');
  const config = {
    jsPlugins: ['./plugin/eslint/index.js'],
    categories: { correctness: 'off' },
    rules: configs.recommended.rules,
  };
  writeFileSync(join(folder, 'oxlint.json'), JSON.stringify(config));
  cpSync(join(fixtures, 'dirty'), join(folder, 'dirty'), { recursive: true });
}

/** @returns what it prints; it exits with 1 where it finds anything */
function oxlint(folder: string, ...args: readonly string[]): Promise<string> {
  const command = [
    join(root, 'node_modules/oxlint/bin/oxlint'),
    '-c',
    'oxlint.json',
    ...args,
    'dirty',
  ];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, { cwd: folder }, (error, stdout, stderr) => {
      if (error !== null && error.code !== 1)
        reject(new Error(`${stdout}${stderr}`, { cause: error }));
      else resolve(stdout);
    });
  });
}

interface Report {
  readonly diagnostics: readonly {
    readonly code: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number } }[];
  }[];
}

function findingsIn(printed: string): Findings {
  const { diagnostics } = JSON.parse(printed) as Report;
  return diagnostics
    .map(({ code, filename, labels }) =>
      finding(
        'dirty',
        filename,
        labels[0]!.span.line,
        code.replace(`${meta.name}(`, '').replace(')', ''),
      ),
    )
    .sort();
}

describe('when oxlint runs the plugin', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'airlock-oxlint-'));
    install(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('finds what ESLint finds without types', async () => {
    expect(findingsIn(await oxlint(folder, '--format', 'json'))).toEqual(dirt);
  });

  it('applies the suggestions', async () => {
    await oxlint(folder, '--fix-suggestions');
    const orders = readFileSync(join(folder, 'dirty/orders.service.ts'), 'utf8');
    expect(orders).toContain("    this.effects.defer(this.stock).add('reserve', { orderId });\n");
    expect(orders).toContain(
      "    this.effects.defer(this.client).emit('order.placed', orderId);\n",
    );
    expect(orders).toContain('    await this.remember(orderId);\n');
  });
});
