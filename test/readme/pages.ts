import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { filesIn, root } from '../package/built.js';
import { type Program, programsIn, type Surrounding, type Surroundings } from './programs.js';

export interface Page {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly programs: readonly Program[];
  /**
   * Whether one of its programs declares what every file compiled with it sees, such as the globals
   * of Jest.
   */
  readonly isGlobal: boolean;
}

/** The README and every page below `docs/` that shows TypeScript. */
export function pagesWithCode(): readonly Page[] {
  const guides = filesIn(join(root, 'docs')).filter((file) => file.endsWith('.md'));
  const paths = [
    'README.md',
    ...guides.map((file) => relative(root, file).split(sep).join('/')).sort(),
  ];
  return paths.map(pageAt).filter(({ programs }) => programs.length > 0);
}

function pageAt(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8');
  const programs = programsIn(text, (group) => surroundingsOf(path, group));
  const texts = programs.flatMap(({ files }) => [...files.values()].map(({ text }) => text));
  return {
    path,
    text,
    programs,
    isGlobal: texts.some((text) => /^\/\/\/ <reference |^\s*declare (global|module)\b/m.test(text)),
  };
}

/** Where what the code of pages needs, and does not show, is kept. */
export const surroundings = 'site/code';

/** A file `<group>.ts` of the page, or a folder `<group>/` of files. */
function surroundingsOf(path: string, group: string): Surroundings {
  const place = join(root, surroundings, path.replace(/^docs\/|\.md$/g, ''), group);
  if (existsSync(`${place}.ts`)) return new Map([['main.ts', surroundingIn(`${place}.ts`)]]);
  if (!existsSync(place) || !statSync(place).isDirectory()) return new Map();
  return new Map(filesIn(place).map((file) => [basename(file), surroundingIn(file)]));
}

/** What stands before and after the line `// …`, for which the page's blocks stand in. */
function surroundingIn(file: string): Surrounding {
  const [before = '', after, ...more] = readFileSync(file, 'utf8').split(/^ *\/\/ …\n/m);
  if (more.length > 0) throw new Error(`${file} has more than one place for the page's blocks.`);
  return { before, after };
}
