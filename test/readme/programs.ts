export interface Source {
  readonly text: string;
  /** Where each line of `text` stands in the markdown, counted from 1. */
  readonly lines: readonly number[];
}

export interface Program {
  readonly name: string;
  readonly files: ReadonlyMap<string, Source>;
  /** The file to run; undefined where the program is only compiled. */
  readonly entry?: string;
  /** The lines its output must contain. */
  readonly output?: readonly string[];
}

interface Block {
  readonly language: string;
  readonly info: readonly string[];
  /** Where the opening fence stands, counted from 1. */
  readonly line: number;
  readonly content: readonly string[];
}

type Draft = {
  name: string;
  files: Map<string, { text: string; lines: number[] }>;
  entry?: string;
  output?: string[];
};

/** What stands around the blocks of a program, file by file. */
export type Surroundings = ReadonlyMap<string, Surrounding>;

export interface Surrounding {
  readonly before: string;
  /** Undefined where the page shows nothing of the file. */
  readonly after: string | undefined;
}

/**
 * The programs in a markdown text, by the convention at the top of `readme.spec.ts`.
 *
 * @param around what a group needs beside its blocks
 */
export function programsIn(
  markdown: string,
  around: (group: string) => Surroundings = () => new Map(),
): readonly Program[] {
  const drafts = new Map<string, Draft>();
  let previous: Draft | undefined;
  for (const block of blocksIn(markdown)) {
    if (block.language === 'ts' || block.language === 'typescript') {
      const name = wordAfter('group=', block.info) ?? `line-${block.line}`;
      const draft = drafts.get(name) ?? begin(name, around(name), block.line);
      drafts.set(name, draft);
      const file = add(block, draft);
      if (block.info.includes('run')) draft.entry = file;
      previous = draft;
    } else {
      if (block.language === 'text' && block.info.includes('output')) expectOutput(block, previous);
      previous = undefined;
    }
  }
  for (const { name, files } of drafts.values()) {
    for (const [file, { after = '' }] of around(name)) surround(files.get(file)!, after);
  }
  return [...drafts.values()];
}

/** The file that the page goes on with comes last. */
function begin(name: string, around: Surroundings, line: number): Draft {
  const files = [...around].map(([file, { before, after }]) => {
    const source = { text: '', lines: [] };
    surround(source, before, line);
    return { file, source, isShown: after !== undefined };
  });
  files.sort((a, b) => Number(a.isShown) - Number(b.isShown));
  return { name, files: new Map(files.map(({ file, source }) => [file, source])) };
}

/** Adds what no page shows. A mistake in it is told at the nearest line of the page. */
function surround(
  source: { text: string; lines: number[] },
  text: string,
  line = source.lines.at(-1)!,
): void {
  source.text += text;
  source.lines.push(...Array.from(text.matchAll(/\n/g), () => line));
}

function blocksIn(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; indent: string; block: Block & { content: string[] } } | undefined;
  for (const [index, line] of markdown.split(/\r?\n/).entries()) {
    const [, indent = '', fence, info = ''] = /^(\s*)(`{3,})([^`]*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence === undefined) continue;
      const [language = '', ...words] = info.trim().split(/\s+/);
      open = { fence, indent, block: { language, info: words, line: index + 1, content: [] } };
    } else if (fence !== undefined && fence.length >= open.fence.length && info.trim() === '') {
      blocks.push(open.block);
      open = undefined;
    } else {
      open.block.content.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    }
  }
  if (open !== undefined)
    throw new Error(`The code block at line ${open.block.line} is never closed.`);
  return blocks;
}

/** Adds a block to its file: the one its first line names, else the one its group wrote last. */
function add(block: Block, draft: Draft): string {
  const named = /^\/\/ ([\w./-]+\.ts)$/.exec(block.content[0] ?? '')?.[1];
  const file = named ?? [...draft.files.keys()].at(-1) ?? 'main.ts';
  const source = draft.files.get(file) ?? { text: '', lines: [] };
  if (named !== undefined && draft.files.has(file))
    throw new Error(`Line ${block.line}: ${file} is started a second time.`);
  draft.files.set(file, source);
  for (const [index, line] of block.content.entries()) {
    source.text += `${line}\n`;
    source.lines.push(block.line + 1 + index);
  }
  return file;
}

function expectOutput(block: Block, program: Draft | undefined): void {
  if (program?.entry === undefined)
    throw new Error(`Line ${block.line}: this output does not follow a block that is run.`);
  program.output = block.content.map((line) => line.trimEnd()).filter((line) => line !== '');
}

function wordAfter(prefix: string, words: readonly string[]): string | undefined {
  return words.find((word) => word.startsWith(prefix))?.slice(prefix.length);
}
