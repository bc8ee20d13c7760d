import { isAbsolute, join } from 'node:path';
import { location } from './location.js';

/**
 * Files that a peer is looked up from: in a workspace they may see different installations. Tests
 * of commands put what they like in place of the program.
 */
export const lookupPlaces = (): readonly string[] =>
  [location, process.argv[1], join(process.cwd(), 'index.js')].filter(
    (file): file is string => file !== undefined && isAbsolute(file),
  );
