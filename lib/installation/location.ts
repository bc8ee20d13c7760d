import { fileURLToPath } from 'node:url';

/**
 * This very file; undefined where a bundler has made it part of a program that has no files.
 * @internal
 */
export const location: string | undefined = thisFile();

const parts = location?.match(/^(.*)([\\/](?:dist[\\/](?:esm|cjs)|lib)[\\/])/s);

/**
 * The folder this copy of the package is installed in; undefined where it is part of somebody's
 * bundle.
 * @internal
 */
export const root: string | undefined = parts?.[1];

/**
 * Start of the paths of the package's own code, to tell it in stacks; undefined where `root` is.
 * @internal
 */
export const sources: string | undefined = parts?.[0];

/**
 * Read from a stack, which ES modules and CommonJS both have: `import.meta` is a syntax error in
 * the scripts that webpack makes of this package.
 */
function thisFile(): string | undefined {
  const before: object = { prepareStackTrace: undefined, ...(Error as object) };
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_, [here]) => here?.getFileName();
    const file = new Error().stack;
    return file?.startsWith('file:') ? fileURLToPath(file) : file;
  } catch {
    return undefined;
  } finally {
    Object.assign(Error, before);
  }
}
