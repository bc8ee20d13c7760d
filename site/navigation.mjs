// The navigation is the list of pages in docs/README.md, in its order.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { pageOf, root } from './pages.mjs';

const list = 'docs/README.md';

/** @returns its sections: `{ title, pages: [{ title, page, about, pages }] }` */
export function sections() {
  const [, ...texts] = readFileSync(`${root}/${list}`, 'utf8').split(/^## /m);
  return texts.map((text) => {
    const [title, ...lines] = text.split('\n');
    const pages = [];
    for (const line of lines) {
      const [, indent, name, target, about] = /^( *)- \[(.+?)\]\((.+?)\): (.+)$/.exec(line) ?? [];
      if (name === undefined) continue;
      const page = pageOf(posix.join(posix.dirname(list), target));
      const below = page === 'adr/index.md' ? decisions() : [];
      const entry = { title: name.replaceAll('`', ''), page, about, pages: below };
      (indent === '' ? pages : pages.at(-1).pages).push(entry);
    }
    return { title, pages };
  });
}

/** All records, by number: whoever writes one adds it to no list. */
function decisions() {
  const folder = 'docs/adr';
  const records = readdirSync(`${root}/${folder}`).filter((file) => /^\d/.test(file));
  return records.sort().map((file) => {
    const [, title] = /^# (.+)/.exec(readFileSync(`${root}/${folder}/${file}`, 'utf8'));
    return { title: title.replaceAll('`', ''), page: pageOf(`${folder}/${file}`), pages: [] };
  });
}

/** In the form that VitePress wants, as are the sidebars below. */
export function sidebars() {
  return { '/api/': apiSidebar(), '/': pagesSidebar() };
}

function pagesSidebar() {
  const item = ({ title, page, pages }) => ({
    text: title,
    link: linkTo(page),
    ...(pages.length > 0 && { items: pages.map(item), collapsed: true }),
  });
  const groups = sections().map(({ title, pages }) => ({ text: title, items: pages.map(item) }));
  groups.at(-1).items.push({ text: 'API reference', link: '/api/' });
  return groups;
}

/** Empty where the reference is not written. */
function apiSidebar() {
  const tree = `${root}/site/api/navigation.json`;
  if (!existsSync(tree)) return [];
  const item = ({ title, path, children = [] }) => ({
    text: title,
    ...(path && { link: linkTo(pageOf(`site/api/${path}`)) }),
    ...(children.length > 0 && { items: children.map(item), collapsed: true }),
  });
  return JSON.parse(readFileSync(tree, 'utf8')).map((top) => ({ ...item(top), collapsed: false }));
}

function linkTo(page) {
  return `/${page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}`;
}
