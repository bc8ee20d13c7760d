import { fileURLToPath } from 'node:url';

/** This very file, as stacks name it: a path, or the URL of an ES module. */
const inStacks = thisFile();

/**
 * This very file; undefined where a bundler has made it part of a program that has no files.
 * @internal
 */
export const location: string | undefined = pathOf(inStacks);

// Not any folder called `lib`: somebody's bundle may stand in one.
const ownCode =
  /^(.*)[\\/](?:dist[\\/](?:esm|cjs)|lib)[\\/](?=(?:shared|installation)[\\/][^\\/]*$)/s;

/**
 * The folder this copy of the package is installed in; undefined where it is part of somebody's
 * bundle.
 * @internal
 */
export const root: string | undefined = location?.match(ownCode)?.[1];

/**
 * Start of the names of the package's own code, to tell it in stacks; undefined where `root` is.
 * @internal
 */
export const sources: string | undefined = inStacks?.match(ownCode)?.[0];

/**
 * Read from a stack, which ES modules and CommonJS both have: `import.meta` is a syntax error in
 * the scripts that webpack makes of this package. What an application has set on `Error` is put
 * back as it was; where it has frozen `Error`, the file stays unknown.
 */
function thisFile(): string | undefined {
  let file: string | null | undefined;
  const restore = [
    replace('stackTraceLimit', 1),
    replace('prepareStackTrace', (_: Error, [here]: NodeJS.CallSite[]) => {
      file = here?.getFileName();
    }),
  ];
  void new Error().stack;
  for (const undo of restore) undo();
  return file ?? undefined;
}

function pathOf(file: string | undefined): string | undefined {
  try {
    return file?.startsWith('file:') ? fileURLToPath(file) : file;
  } catch {
    // The name is somebody's invention, as a bundler's for a part of a bundle.
    return undefined;
  }
}

/** By descriptors: assignments throw on a frozen `Error`, and would call a library's setter. */
function replace(key: keyof ErrorConstructor, value: unknown): () => boolean {
  const was = Object.getOwnPropertyDescriptor(Error, key);
  Reflect.defineProperty(Error, key, { value, configurable: true });
  return () => (was ? Reflect.defineProperty(Error, key, was) : Reflect.deleteProperty(Error, key));
}
