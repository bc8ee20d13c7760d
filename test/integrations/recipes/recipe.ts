import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import ts from 'typescript';

const root = join(__dirname, '../../..');

/**
 * Exports of the first block of a group of the page "Recipes", which is run as it stands there.
 *
 * @param declared what the block only declares, by name
 */
export function recipe<Exports>(group: string, declared: Record<string, unknown> = {}): Exports {
  const page = readFileSync(join(root, 'docs/guide/recipes.md'), 'utf8');
  const code = page.split(`\`\`\`ts group=${group}\n`)[1]?.split('```')[0];
  if (code === undefined) throw new Error(`The page has no recipe "${group}".`);
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  const exported = {};
  // Without `Reflect` and `console` it would have those of Node: a test has globals of its own, to which
  // reflect-metadata has added.
  const given = { exports: exported, require: jest.requireActual, Reflect, console, ...declared };
  compileFunction(outputText, Object.keys(given))(...Object.values(given));
  return exported as Exports;
}

const skipped = describe.skip;

/** A suite with a client that is installed beside Nest 11 (jest.config.mjs); else it is skipped, and says so. */
export function describeWithClient(client: string, title: string, suite: () => void): void {
  if (isInstalled(client)) describe(title, suite);
  else skipped(`${title} (skipped: ${client} is not installed)`, suite);
}

function isInstalled(client: string): boolean {
  try {
    createRequire(join(root, 'test/nest-11/package.json')).resolve(client);
    return true;
  } catch {
    return false;
  }
}
