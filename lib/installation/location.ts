/**
 * This very file: a variable of CommonJS, which the build fills in for ES modules; undefined where
 * a bundler has dropped it.
 */
export const location: string | undefined = typeof __filename === 'string' ? __filename : undefined;

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
