/**
 * Schemes are short. Without a limit, a long text of letters would be read again from each of them.
 */
const URL_AND_REST = /([a-z][a-z\d+.-]{0,39}:\/\/)[^]*/i;

/**
 * A text that a message may show: of a URL only the scheme, since the rest may hold a password.
 * @internal
 */
export function masked(text: string): string {
  return text.replace(URL_AND_REST, '$1…');
}
