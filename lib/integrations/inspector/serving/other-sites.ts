import type { IncomingHttpHeaders } from 'node:http';

/**
 * True for a request of another site's script, by the `sec-fetch-*` headers of browsers: with
 * `enableCors()` in the application the script could read the answer. A link to the page is allowed
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
