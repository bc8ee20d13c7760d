// Runs TypeScript in a process of its own, from the sources at hand:
// `node --import ./test/process/typescript.mjs app.ts`. With `NEST=11` Nest, and what was made for
// it, is that of test/nest-11.
import { transform } from '@swc/core';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const root = new URL('../../', import.meta.url);
const nest11 = new URL('test/nest-11/package.json', root).href;
const OF_NEST = /^(@nestjs\/.*|rxjs(\/.*)?|reflect-metadata)$/;

if (isMainThread) register(import.meta.url);

export async function resolve(specifier, context, next) {
  const [ours, path] = /^nestjs-airlock(?:\/(.*))?$/.exec(specifier) ?? [];
  if (ours !== undefined) {
    const source = path === undefined ? 'lib/index.ts' : `lib/integrations/${path}/index.ts`;
    return { url: new URL(source, root).href, shortCircuit: true };
  }
  if (process.env.NEST === '11' && OF_NEST.test(specifier))
    return next(specifier, { ...context, parentURL: nest11 });
  if (specifier.startsWith('.') && specifier.endsWith('.js')) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return { url: source.href, shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const file = fileURLToPath(url);
  const { code } = await transform(await readFile(file, 'utf8'), {
    filename: file,
    sourceMaps: 'inline',
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
      keepClassNames: true,
    },
    module: { type: 'es6' },
  });
  return { format: 'module', source: code, shortCircuit: true };
}
