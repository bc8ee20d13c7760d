/** A text that a message may show: of a URL only the scheme, since the rest may hold a password. @internal */
export function masked(text: string): string {
  return text.replace(/([a-z][a-z\d+.-]*:\/\/)[^]*/i, '$1…');
}
