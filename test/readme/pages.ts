import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { filesIn, root } from '../package/built.js';
import { type Program, programsIn } from './programs.js';

export interface Page {
  /** From the repository's root, with slashes. */
  readonly path: string;
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
  const programs = programsIn(readFileSync(join(root, path), 'utf8'));
  const texts = programs.flatMap(({ files }) => [...files.values()].map(({ text }) => text));
  return {
    path,
    programs,
    isGlobal: texts.some((text) => /^\/\/\/ <reference |^\s*declare (global|module)\b/m.test(text)),
  };
}
