import { createRequire } from 'node:module';
import { join, posix } from 'node:path';
import type * as TypeScript from 'typescript';
import { additionsFor, callOf, type NestAddOptions, peersFor } from './additions.js';
import { withModuleImports } from './module-imports.js';

/** Files of the application as the CLI hands them over. */
interface Tree {
  exists(path: string): boolean;
  readText(path: string): string;
  overwrite(path: string, content: string): void;
}

/** @internal */
export interface Context {
  readonly logger: { info(message: string): void; warn(message: string): void };
}

/**
 * Imports `AirlockModule`, and what `--orm` and `--engine` ask for, in the root module, when `nest
 * add nestjs-airlock` runs. Needs nothing but the TypeScript of the application.
 *
 * @internal
 */
export function nestAdd(options: NestAddOptions): (tree: Tree, context: Context) => void {
  return (tree, { logger }) => {
    const additions = additionsFor(options);
    const root = rootModuleOf(tree, options.sourceRoot ?? 'src');
    const file = options.module ?? root.file;
    const byHand = `Import by hand, in the root module: ${additions.map(callOf).join(', ')}.`;
    if (!tree.exists(file)) throw new Error(`There is no ${file}. Name it: --module. ${byHand}`);
    const before = tree.readText(file);
    let after;
    try {
      after = withModuleImports(typescript(), before, root.className, additions);
    } catch (error) {
      throw new Error(`${file} stays as it is. ${(error as Error).message} ${byHand}`, {
        cause: error,
      });
    }
    if (after.text !== before) tree.overwrite(file, after.text);
    for (const name of after.known)
      logger.info(`${name} is imported in ${file} already, and stays as it is.`);
    for (const { name, from } of after.unset)
      logger.warn(
        `Effects stay in the process until AirlockModule has the executor: import ${name} from ${from} in ${file}, and set \`executor: ${name}\` in the options of AirlockModule.`,
      );
    const missing = peersFor(options).filter((peer) => !dependsOn(tree, peer));
    if (missing.length > 0)
      logger.warn(`Not among the dependencies of package.json: ${missing.join(', ')}.`);
  };
}

/** The module that main.ts creates the application of. */
function rootModuleOf(
  tree: Tree,
  sourceRoot: string,
): { readonly file: string; readonly className: string | undefined } {
  const main = posix.join(sourceRoot, 'main.ts');
  const text = tree.exists(main) ? tree.readText(main) : '';
  const [, className] = /NestFactory\s*\.\s*create\w*\s*(?:<[^>]*>)?\s*\(\s*(\w+)/.exec(text) ?? [];
  const [, path] =
    new RegExp(`import\\s*\\{[^}]*\\b${className}\\b[^}]*\\}\\s*from\\s*['"](\\.[^'"]*)['"]`).exec(
      text,
    ) ?? [];
  const name = path?.replace(/\.[jt]s$/, '') ?? 'app.module';
  return { file: posix.join(sourceRoot, `${name}.ts`), className };
}

function typescript(): typeof TypeScript {
  const load = createRequire(join(process.cwd(), 'package.json'));
  const ts = load('typescript') as Partial<typeof TypeScript>;
  if (ts.createSourceFile === undefined)
    throw new Error(`TypeScript ${ts.version} reads no files for others.`);
  return ts as typeof TypeScript;
}

function dependsOn(tree: Tree, name: string): boolean {
  if (!tree.exists('package.json')) return false;
  const { dependencies = {}, devDependencies = {} } = JSON.parse(
    tree.readText('package.json'),
  ) as Record<string, Record<string, string>>;
  return name in dependencies || name in devDependencies;
}
