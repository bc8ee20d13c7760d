import { existsSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { filesIn, root } from './built.js';
import { node } from './run.js';
import { pack, temporaryFolder, unpack } from './tarball.js';

/**
 * What the root may import. The peers of the sub-paths are optional and must never be needed, not
 * even by a type.
 */
const allowed = /^(@nestjs\/(common|core)|rxjs|reflect-metadata)(\/|$)/;

describe('when the package is packed', () => {
  let folder: string;
  let tarball: string;
  let unpacked: string;

  beforeAll(() => {
    folder = temporaryFolder();
    tarball = pack();
    unpacked = unpack(tarball, folder);
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('carries both builds, the pages, what the CLI of Nest reads, the SQL of the outbox, its manifest and the files beside it, and nothing else', () => {
    const shipped = filesIn(unpacked).map((file) => relative(unpacked, file).split(sep).join('/'));
    const places = new Set(
      shipped.map((file) => file.replace(/^(dist\/[^/]+|docs|schematics|sql)\/.*/, '$1')),
    );
    const wanted = [
      'dist/esm',
      'dist/cjs',
      'docs',
      'schematics',
      'sql',
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
      'SKILL.md',
    ];
    expect(places).toEqual(new Set(wanted));
  });

  it.each(['README.md', 'SKILL.md', 'docs/README.md'])(
    'carries what %s links to, pictures included',
    (page) => {
      const targets = [
        ...readFileSync(join(unpacked, page), 'utf8').matchAll(/\]\(([^()\s]+)\)/g),
      ].map(([, target = '']) => target.replace(/#.*$/, ''));
      const inside = targets.filter((target) => target !== '' && !/^[a-z]+:/i.test(target));
      expect(inside.length).toBeGreaterThan(0);
      expect(inside.filter((target) => !existsSync(join(unpacked, dirname(page), target)))).toEqual(
        [],
      );
    },
  );

  it('carries JavaScript and declarations only in the builds', () => {
    const others = filesIn(join(unpacked, 'dist'))
      .map((file) => relative(unpacked, file).split(sep).join('/'))
      .filter((file) => !/\.(js|d\.ts)$/.test(file));
    expect(others).toEqual(['dist/cjs/package.json']);
  });

  it.each(['esm', 'cjs'])('carries the declarations of %s that an export reaches only', (build) => {
    const { exports } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as {
      exports: Record<string, Partial<Record<string, { types: string }>>>;
    };
    const condition = build === 'esm' ? 'import' : 'require';
    const entries = Object.values(exports).flatMap(({ [condition]: target }) => target ?? []);
    const reached = new Set(
      entries.flatMap(({ types }) => [...filesReachedFrom(join(unpacked, types))]),
    );
    const shipped = filesIn(join(unpacked, 'dist', build)).filter((it) => it.endsWith('.d.ts'));
    expect(shipped.filter((file) => !reached.has(file))).toEqual([]);
    expect(reached.size).toBeGreaterThan(entries.length);
  });

  it('has nothing for publint to complain about', () => {
    const { status, said } = node(
      [join(root, 'node_modules/publint/src/cli.js'), 'run', tarball, '--strict'],
      folder,
    );
    expect({ status, said }).toEqual({ status: 0, said: expect.stringContaining('All good!') });
  }, 60_000);

  it.each([
    // Vitest cannot be required.
    [
      'the root and every other sub-path in every module mode, node10 included',
      ['--exclude-entrypoints', './testing/vitest'],
      'No problems found',
    ],
    ['Vitest in ESM', ['--profile', 'esm-only', '--entrypoints', './testing/vitest'], ''],
  ])(
    'resolves to the right types: %s',
    (_, options, text) => {
      const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
      // Asking the registry for an `@types` twin would make the test need a network.
      const { status, said } = node(
        [attw, tarball, '--no-definitely-typed', '--format', 'ascii', ...options],
        folder,
      );
      expect({ status, said }).toEqual({ status: 0, said: expect.stringContaining(text) });
    },
    60_000,
  );

  describe.each(['esm', 'cjs'])('and the %s root is followed through all it imports', (build) => {
    it.each(['index.js', 'index.d.ts'])('names no optional peer from %s', (entry) => {
      const imported = packagesImportedFrom(join(unpacked, 'dist', build, entry));
      const optional = [...imported].filter(([name]) => !allowed.test(name) && !isBuiltin(name));
      expect(optional).toEqual([]);
      expect([...imported.keys()]).toContain('@nestjs/common');
    });

    it('names no package from the types of the ESLint plugin that its user may lack', () => {
      const imported = packagesImportedFrom(join(unpacked, 'dist', build, 'eslint/index.d.ts'));
      expect([...imported].filter(([name]) => name !== 'eslint')).toEqual([]);
    });
  });
});

/**
 * The packages that a file and all it reaches by relative imports name, each with one file that
 * does.
 */
function packagesImportedFrom(entry: string): ReadonlyMap<string, string> {
  const files = [...filesReachedFrom(entry)];
  return new Map(
    files.flatMap((file) =>
      importsOf(file)
        .filter((name) => !name.startsWith('.'))
        .map((name) => [name, file] as const),
    ),
  );
}

/** A file and all it reaches by relative imports. */
function filesReachedFrom(entry: string): ReadonlySet<string> {
  const reached = new Set([entry]);
  for (const file of reached)
    for (const name of importsOf(file)) {
      if (!name.startsWith('.')) continue;
      const target = entry.endsWith('.d.ts') ? name.replace(/\.js$/, '.d.ts') : name;
      reached.add(resolve(dirname(file), target));
    }
  return reached;
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8');
  const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(text, true, true);
  return [...importedFiles, ...typeReferenceDirectives].map(({ fileName }) => fileName);
}

function isBuiltin(name: string): boolean {
  return name.startsWith('node:') && builtinModules.includes(name.slice('node:'.length));
}
