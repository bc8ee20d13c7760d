// Beside each page of the site its Markdown, and what language models look for: llms.txt.
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { sections } from './navigation.mjs';
import { copyOf, hrefOf, pageOf, root } from './pages.mjs';

/** @param files the sources of all pages, from the repository's root */
export function writeCopies(files, folder) {
  const linked = new Set();
  const texts = new Map(
    files.map((file) => [pageOf(file), asOnSite(file, (other) => linked.add(other))]),
  );
  for (const [page, text] of texts) write(`${folder}/${page}`, text);
  for (const file of linked) copy(`${root}/${file}`, `${folder}/${copyOf(file)}`);
  write(`${folder}/llms.txt`, overview());
  write(
    `${folder}/llms-full.txt`,
    listed()
      .map(({ page }) => texts.get(page))
      .join('\n'),
  );
}

/** The Markdown of a page with links that lead to pages of the site. */
function asOnSite(file, onCopy) {
  const page = pageOf(file);
  return readFileSync(`${root}/${file}`, 'utf8').replace(
    /(\]\()([^()\s]+)(\))/g,
    (link, before, target, after) => {
      const href = hrefOf(file, target, onCopy);
      if (href === undefined) return link;
      return `${before}${posix.relative(posix.dirname(`/${page}`), href)}${after}`;
    },
  );
}

function overview() {
  const { description } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  const groups = sections().map(({ title, pages }) => {
    const lines = pages.flatMap((page) => [page, ...page.pages]);
    return `## ${title}\n\n${lines.map(({ title, page, about }) => `- [${title}](${page}): ${about}`).join('\n')}\n`;
  });
  return `# Airlock for NestJS\n\n> ${description}\n\n${groups.join('\n')}`;
}

const listed = () =>
  sections().flatMap(({ pages }) => pages.flatMap((page) => [page, ...page.pages]));

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Of a folder: the names of what is in it. */
function copy(from, to) {
  if (statSync(from).isDirectory()) return write(to, `${readdirSync(from).join('\n')}\n`);
  mkdirSync(dirname(to), { recursive: true });
  return cpSync(from, to);
}
