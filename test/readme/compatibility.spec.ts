// The versions that the page names are those that are installed for the suites, and all of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../package/built.js';

interface Lock {
  readonly packages: Record<
    string,
    {
      readonly name?: string;
      readonly version: string;
      readonly dependencies?: Record<string, string>;
      readonly devDependencies?: Record<string, string>;
    }
  >;
}

const page = readFileSync(join(root, 'docs/compatibility.md'), 'utf8');
const installed = versionsIn(['.', 'test/nest-11', 'test/mikro-orm-7', 'test/other-nodes']);
const named = versionsOn(page);

describe('when a version is looked up', () => {
  it('is there', () => {
    expect(named.size).toBeGreaterThan(20);
  });

  it.each([...named])(
    'is every one of %s that the suites run with, and no other',
    (name, versions) => {
      expect([...versions].sort()).toEqual([...(installed.get(name) ?? [])].sort());
    },
  );

  it.each(optionalPeers())('names the optional peer %s', (peer) => {
    expect([...named.keys()]).toContain(peer);
  });
});

/** Of each package that a lock file installs for itself: major and minor, by its own name. */
function versionsIn(folders: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const versions = new Map<string, Set<string>>();
  for (const folder of folders) {
    const { packages } = JSON.parse(
      readFileSync(join(root, folder, 'package-lock.json'), 'utf8'),
    ) as Lock;
    const wanted = { ...packages['']?.dependencies, ...packages['']?.devDependencies };
    for (const alias of Object.keys(wanted)) {
      const { name = alias, version } = packages[`node_modules/${alias}`]!;
      versions.set(name, (versions.get(name) ?? new Set()).add(minorOf(version)));
    }
  }
  return versions;
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** Of each package in backticks, the numbers up to the next one: "`kysely` 0.28 and 0.29". */
function versionsOn(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const versions = new Map<string, Set<string>>();
  for (const [, name = '', after = ''] of text.matchAll(
    /`([@\w/.-]+)`((?: (?:and |, and )?\d+\.\d+|, and \d+\.\d+)+)/g,
  )) {
    const known = versions.get(name) ?? new Set();
    for (const [version] of after.matchAll(/\d+\.\d+/g)) known.add(version);
    versions.set(name, known);
  }
  return versions;
}

function optionalPeers(): readonly string[] {
  const { peerDependenciesMeta } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    peerDependenciesMeta: Record<string, { optional?: boolean }>;
  };
  return Object.keys(peerDependenciesMeta);
}
