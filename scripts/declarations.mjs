// Lists the declarations of a build that a compiler reads; nobody needs the others.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** Adds to declarations all that they import by a relative path. */
export function declarationsReachedFrom(files) {
  const reached = new Set(files);
  // The loop also visits what is added to the set meanwhile.
  for (const file of reached) {
    const { importedFiles, referencedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'));
    for (const { fileName } of [...importedFiles, ...referencedFiles])
      if (fileName.startsWith('.'))
        reached.add(join(dirname(file), fileName.replace(/\.js$/, '.d.ts')));
  }
  return reached;
}
