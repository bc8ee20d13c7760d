import { AirlockOptionsError } from '../errors/airlock-options.error.js';

/** The names a policy was given. A lone string is refused: it would be read letter by letter. @internal */
export function nameSet(names: Iterable<string>): ReadonlySet<string> {
  if (
    typeof names === 'string' ||
    typeof (names as Partial<Iterable<string>> | null)?.[Symbol.iterator] !== 'function'
  ) {
    throw AirlockOptionsError.expected('names', 'an iterable of effect names', names);
  }
  const set = new Set(names);
  for (const name of set)
    if (typeof name !== 'string') throw AirlockOptionsError.expected('names', 'an iterable of effect names', name);
  return set;
}
