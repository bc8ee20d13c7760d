// Finds doc comments that open with a clause instead of a noun or a verb ("What of an intent …",
// "Those that …"): a reader has to guess what they are about. `npm run check:lint` runs it on lib/;
// other folders can be named as arguments.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const OPENINGS = [
  /(?:What|Whom|Who|Whose|How|Where|Of|As)\b/,
  /(?:That|Those|These|All|One|Ones)(?: \w+ly)? (?:of|that|which|who|whose|with|in|to|it|is|are)\b/,
  // "The same policy" has its noun.
  /The same(?:[,;:.]| (?:for|as|of|in|by|with|without|on|to|at|where|when|from)\b)/,
];
const DOC = /\/\*\*(?!\/)\s*([\s\S]*?)\*\//g;
/** The stars before the text of a comment that starts on a line of its own. */
const MARGIN = /^\s*\*?\s*/;

/** @returns {{ line: number, opening: string }[]} the doc comments of a source that open so */
export function openingsIn(source) {
  return [...source.matchAll(DOC)].flatMap(({ 1: text, index }) => {
    const first = text.replace(MARGIN, '');
    if (!OPENINGS.some((opening) => first.search(opening) === 0)) return [];
    return [
      { line: source.slice(0, index).split('\n').length, opening: first.split('\n')[0].trim() },
    ];
  });
}

function* filesIn(folder) {
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (/\.[cm]?[jt]s$/.test(file)) yield join(folder, file);
  }
}

if (import.meta.filename === process.argv[1]) {
  const folders = process.argv.length > 2 ? process.argv.slice(2) : ['lib'];
  let found = 0;
  for (const file of folders.flatMap((folder) => [...filesIn(folder)])) {
    for (const { line, opening } of openingsIn(readFileSync(file, 'utf8'))) {
      found += 1;
      console.error(`${file}:${line} ${opening}`);
    }
  }
  if (found > 0) {
    console.error(
      `\n${found} doc comments open without a noun or a verb. Start with one: "Marks that …", "True if …", "Returns …".`,
    );
    process.exitCode = 1;
  }
}
