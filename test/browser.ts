import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where systems put a Chromium; `CHROMIUM_PATH` names another one. */
const places = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const found = places.find((place) => place !== undefined && existsSync(place));

const skipped = describe.skip;

/**
 * A suite in a real browser: skipped by name where there is none, and failed there where `CI` is
 * `true`, as suites of servers are.
 */
export function describeInBrowser(title: string, suite: (browser: () => Browser) => void): void {
  let browser: Browser;
  const run = (): void => suite(() => browser);
  if (found === undefined && process.env.CI !== 'true')
    return skipped(`${title} (skipped: no Chromium at /usr/bin/chromium nor CHROMIUM_PATH)`, run);
  describe(title, () => {
    beforeAll(async () => {
      if (found === undefined)
        throw new Error('There is no Chromium, and with CI=true its suites are not skipped.');
      // It may run as root, in a container, and looks nothing up on its own.
      const args = [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ];
      browser = await chromium.launch({ executablePath: found, args });
    }, 60_000);
    afterAll(() => browser?.close());
    run();
  });
}
