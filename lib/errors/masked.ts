const SCHEME = /[a-z][a-z\d+.-]*$/i;
/** No scheme is longer; looking further back in a long text for each `://` would take its length squared. */
const LONGEST_SCHEME = 40;

/** A text that a message may show: of a URL only the scheme, since the rest may hold a password. @internal */
export function masked(text: string): string {
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 3)) {
    if (SCHEME.test(text.slice(Math.max(0, at - LONGEST_SCHEME), at))) return `${text.slice(0, at + 3)}…`;
  }
  return text;
}
