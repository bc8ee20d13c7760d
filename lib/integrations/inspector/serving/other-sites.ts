import type { IncomingHttpHeaders } from 'node:http';

/**
 * Tells whether the script of another site asks, as browsers say in their `sec-fetch-*` headers.
 * With `enableCors()` of the application it could read the answer. A link to the page may stand
 * anywhere.
 *
 * @internal
 */
export function isOfOtherSite({ headers }: { readonly headers: IncomingHttpHeaders }): boolean {
  const site = headers['sec-fetch-site'];
  return (
    (site === 'cross-site' || site === 'same-site') && headers['sec-fetch-mode'] !== 'navigate'
  );
}
