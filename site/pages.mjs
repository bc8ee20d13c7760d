// Which file of the repository is which page of the site.
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Pages that do not stand below `docs/`. */
const others = new Map([
  ['CHANGELOG.md', 'changelog.md'],
  ['CONTRIBUTING.md', 'contributing.md'],
  ['SECURITY.md', 'security.md'],
  ['bench/README.md', 'bench.md'],
  ['sample/README.md', 'samples.md'],
]);

/** @returns the page's path on the site, as `guide/http.md`; undefined where a file is no page */
export function pageOf(file) {
  const page = others.get(file) ?? /^(?:docs|site)\/(.+\.md)$/.exec(file)?.[1];
  return page?.replace(/(^|\/)README\.md$/, '$1index.md');
}

/**
 * Where a link in a file of the repository leads on the site: to a page, or to a copy of what is
 * none, so that every link is alive wherever the site stands.
 *
 * @param onCopy hears of each file or folder that has to be copied
 * @returns undefined for what is not in this repository
 */
export function hrefOf(file, target, onCopy = () => {}) {
  if (/^[a-z]+:|^#|^\//i.test(target)) return undefined;
  const [path = '', anchor] = decodeURI(target).split('#');
  const found = fileAt(posix.join(posix.dirname(file), path));
  if (found === undefined) return undefined;
  const page = pageOf(found);
  if (page !== undefined) return `/${page}${anchor === undefined ? '' : `#${anchor}`}`;
  onCopy(found);
  return `/${copyOf(found)}`;
}

/** The path of a file that is no page. Browsers show text, and play `.ts` as a film. */
export const copyOf = (file) => (/\.(png|svg)$/.test(file) ? file : `source/${file}.txt`);

/** The file; of a folder, the one that says what is in it, if there is one. */
function fileAt(path) {
  const file = path.replace(/\/$/, '');
  if (!existsSync(`${root}/${file}`)) return undefined;
  return existsSync(`${root}/${file}/README.md`) ? `${file}/README.md` : file;
}
