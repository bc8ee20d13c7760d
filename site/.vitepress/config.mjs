import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';
import { writeCopies } from '../copies.mjs';
import { sidebars } from '../navigation.mjs';
import { hrefOf, pageOf, root } from '../pages.mjs';

const { description } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
const frontPage = 'docs/README.md';
const front = {
  title: 'Airlock for NestJS',
  titleTemplate: false,
  frontmatter: {
    layout: 'home',
    hero: {
      name: 'Airlock for NestJS',
      tagline: 'Express side effects anywhere; control whether and when they escape.',
      actions: [
        { text: 'Quick start', link: '/guide/quick-start' },
        { text: 'The problem', link: '/guide/problem', theme: 'alt' },
      ],
    },
  },
};
/** Two doors, one of them open. */
const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#4d67c9"/>' +
  '<path d="M5 3v10M11 3v4M11 12v1" stroke="#fff" stroke-width="2" stroke-linecap="round"/></svg>';

export default defineConfig({
  title: 'Airlock for NestJS',
  description,
  base: process.env.DOCS_BASE ?? '/',
  srcDir: '..',
  srcExclude: [
    ...['README.md', 'AGENTS.md', 'SKILL.md', 'lib/**', 'sample/*/**', 'schematics/**', 'test/**'],
    ...(process.env.DOCS_API === 'none' ? ['site/**'] : []),
  ],
  outDir: 'dist',
  cacheDir: '../.cache/vitepress',
  rewrites: (file) => pageOf(file) ?? file,
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  markdown: {
    anchor: { slugify },
    config: (md) => {
      md.core.ruler.push('links', leadToPages);
      md.core.ruler.push('front', dropTitle);
      drawDiagrams(md);
    },
  },
  transformPageData: (page) => (page.relativePath === 'index.md' ? front : undefined),
  buildEnd: ({ pages, outDir }) => writeCopies(pages, outDir),
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Quick start', link: '/guide/quick-start' },
      { text: 'Recipes', link: '/guide/recipes' },
      { text: 'API reference', link: '/api/' },
      { text: 'Changelog', link: '/changelog' },
    ],
    sidebar: sidebars(),
    outline: { level: [2, 3] },
    externalLinkIcon: true,
  },
});

/** Anchors as GitHub makes them, so that links hold in both places. */
function slugify(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/ /g, '-');
}

/** Rewrites links between files of the repository to links between pages of the site. */
function leadToPages({ tokens, env }) {
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    const href = token.type === 'link_open' && hrefOf(fileOf(env), token.attrGet('href'));
    if (href) token.attrSet('href', href);
  }
}

/** Leaves out the title that the front of the site has in large letters. */
function dropTitle({ tokens, env }) {
  if (fileOf(env) === frontPage) tokens.splice(0, 3);
}

/** Shows diagrams as such, and of what stands behind a fence the language alone. */
function drawDiagrams(md) {
  const fence = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const token = tokens[index];
    token.info = token.info.trim().split(/\s+/)[0];
    if (token.info !== 'mermaid') return fence(tokens, index, ...rest);
    return `<Diagram source="${encodeURIComponent(token.content)}" />`;
  };
}

function fileOf(env) {
  return (env.realPath ?? env.path).slice(root.length);
}
