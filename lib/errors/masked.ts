/**
 * The length of schemes is limited, or a long string of letters would be read again from each
 * letter.
 */
const URL_AND_REST = /([a-z][a-z\d+.-]{0,39}:\/\/)[^]*/i;

/**
 * Cuts a string for a message after the scheme of its first URL, since the rest may hold a
 * password.
 * @internal
 */
export function masked(text: string): string {
  return text.replace(URL_AND_REST, '$1…');
}
