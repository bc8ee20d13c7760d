/** This very file: a variable of CommonJS, which the build fills in for ES modules; undefined where a bundler has dropped it. */
export const location: string | undefined = typeof __filename === 'string' ? __filename : undefined;

/** The folder this copy of the package is installed in; undefined where it is part of somebody's bundle. @internal */
export const root: string | undefined = location?.match(/^(.*)[\\/](?:dist[\\/](?:esm|cjs)|lib)[\\/]/s)?.[1];
