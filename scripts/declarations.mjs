// Declarations that a compiler reads: the others of a build are of no use to anybody.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** These declarations and all that they import, in turn, by a relative path. */
export function declarationsReachedFrom(files) {
  const reached = new Set(files);
  // A set hands out what is added to it on the way.
  for (const file of reached) {
    const { importedFiles, referencedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'));
    for (const { fileName } of [...importedFiles, ...referencedFiles])
      if (fileName.startsWith('.'))
        reached.add(join(dirname(file), fileName.replace(/\.js$/, '.d.ts')));
  }
  return reached;
}
