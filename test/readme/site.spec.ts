// The site is built from the pages, without the reference of the API, which `npm run docs` adds.
// VitePress refuses dead links between pages; what it does not look at is followed here.
import { mkdtempSync, mkdirSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { filesIn, root } from '../package/built.js';
import { node } from '../package/run.js';

let folder: string;
let files: readonly string[];

beforeAll(() => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  folder = mkdtempSync(join(root, '.cache/site-'));
  const vitepress = join(root, 'node_modules/vitepress/bin/vitepress.js');
  const { status, said } = node([vitepress, 'build', 'site', '--outDir', folder], root, {
    DOCS_API: 'none',
  });
  if (status !== 0) throw new Error(`The site cannot be built:\n${said}`);
  files = filesIn(folder).map((file) => relative(folder, file).split(sep).join('/'));
}, 200_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('when the site is built', () => {
  it('has each page as HTML and as Markdown', () => {
    const pages = files.filter((file) => file.endsWith('.html') && file !== '404.html');
    expect(pages.length).toBeGreaterThan(70);
    expect(pages.filter((page) => !files.includes(page.replace(/\.html$/, '.md')))).toEqual([]);
  });

  it('has no link that leads nowhere', () => {
    const dead = files
      .filter((file) => file.endsWith('.html'))
      .flatMap((page) => linksIn(page).filter((target) => isDead(page, target)));
    expect(dead).toEqual([]);
  });

  it('has no link that leads nowhere in Markdown', () => {
    const dead = files
      .filter((file) => /\.md$|^llms\.txt$/.test(file))
      .flatMap((page) => markdownLinksIn(page).filter((target) => isDead(page, target)));
    expect(dead).toEqual([]);
  });

  it('searches without a server', () => {
    const index = files.find((file) => file.includes('localSearchIndex'))!;
    expect(textOf(index)).toContain('Pollers, pools, sockets');
  });

  it('opens with the problem', () => {
    const [first] = textOf('llms.txt').match(/\]\(.+?\)/) ?? [];
    expect(first).toBe('](guide/problem.md)');
  });
});

const texts = new Map<string, string>();

function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(join(folder, file), 'utf8');
  texts.set(file, text);
  return text;
}

function linksIn(page: string): readonly string[] {
  return [...textOf(page).matchAll(/<a\b[^>]*? href="([^"]+)"/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:|^\/api\//i.test(target));
}

function markdownLinksIn(page: string): readonly string[] {
  const prose = textOf(page)
    .replace(/^ *```.*?^ *```/gms, '')
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]]/g, ' '));
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:|^#/i.test(target));
}

function isDead(page: string, target: string): boolean {
  const [path = '', anchor] = decodeURI(target).split('#');
  const from = path.startsWith('/') ? '' : dirname(page);
  const file = path === '' ? page : join(from, path.endsWith('/') ? `${path}index.html` : path);
  if (!existsSync(join(folder, file))) return true;
  return Boolean(anchor) && file.endsWith('.html') && !textOf(file).includes(` id="${anchor}"`);
}
