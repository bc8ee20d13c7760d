// The pages name each other, the source and the specs; what they name is there.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { filesIn, root } from '../package/built.js';

const pages = [
  ...[
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'AGENTS.md',
    'SKILL.md',
    'sample/README.md',
    'bench/README.md',
  ].filter((page) => existsSync(join(root, page))),
  ...filesIn(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => relative(root, file).split(sep).join('/'))
    .sort(),
];

/** A page without its code, in which brackets are no links. */
function proseOf(page: string): string {
  return readFileSync(join(root, page), 'utf8')
    .replace(/^ *```.*?^ *```/gms, '')
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]]/g, ' '));
}

/** The targets of a page's links that lie in this repository. */
function linksOf(page: string): readonly string[] {
  return [...proseOf(page).matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/i.test(target));
}

/** The anchors that the headings of a page make, as GitHub names them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  return new Set(
    [...proseOf(page).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading = '']) => {
      const anchor = heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/ /g, '-');
      const times = seen.get(anchor) ?? 0;
      seen.set(anchor, times + 1);
      return times === 0 ? anchor : `${anchor}-${times}`;
    }),
  );
}

function isDead(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), decodeURI(path));
  if (!existsSync(join(root, file))) return true;
  if (anchor === undefined || !file.endsWith('.md') || statSync(join(root, file)).isDirectory())
    return false;
  return !anchorsOf(file).has(anchor);
}

it.each(pages)('has no dead link in %s', (page) => {
  expect(linksOf(page).filter((target) => isDead(page, target))).toEqual([]);
});

it('has a title on every page', () => {
  expect(pages.filter((page) => !/^# \S/m.test(proseOf(page)))).toEqual([]);
});

it('has every page in the list of docs/README.md, once', () => {
  const listed = linksOf('docs/README.md').map((target) => join('docs', target));
  // Decisions are listed by their folder.
  const others = pages.filter(
    (page) => /^docs\/(?!adr\/\d)/.test(page) && page !== 'docs/README.md',
  );
  expect(others.length).toBeGreaterThan(50);
  expect(listed.sort()).toEqual(others.sort());
});

describe('when a rule is looked up', () => {
  const rules = new Map(
    proseOf('docs/rules.md')
      .split(/^(?=\d+\. )/m)
      .slice(1)
      .map((text) => [Number.parseInt(text, 10), text]),
  );

  it('is there, under its number', () => {
    expect([...rules.keys()]).toEqual(Array.from({ length: rules.size }, (_, index) => index + 1));
  });

  it.each([...rules])('names the specs that hold rule %d', (_number, text) => {
    expect(text).toMatch(/\]\([^)]+\.spec\.ts\)/);
  });

  it('has an entry for each number that the source speaks of', () => {
    const spoken = filesIn(join(root, 'lib'))
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(file, 'utf8').matchAll(/\brules? (\d+)(?:\D{1,5}(\d+))?/g),
      ])
      .flatMap(([, ...numbers]) => numbers.filter((number) => number !== undefined).map(Number));
    expect(spoken.length).toBeGreaterThan(10);
    expect(spoken.filter((number) => !rules.has(number))).toEqual([]);
  });
});

describe('when a database is looked up', () => {
  const [, ...tables] = proseOf('docs/integrations/databases.md').split(/^## /m);
  const rows = tables
    .flatMap((table) =>
      table
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .slice(2),
    )
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, client = '', ...cells]) => [client, cells] as const);

  it('is there', () => {
    expect(rows.length).toBeGreaterThan(15);
  });

  it.each(rows)('names the specs that hold what is promised of %s', (_client, cells) => {
    const promised = cells.filter((cell) => cell !== '');
    expect(promised.filter((cell) => !/\]\([^)]+\.spec\.ts\)/.test(cell))).toEqual([]);
    expect(promised).not.toEqual([]);
  });
});
