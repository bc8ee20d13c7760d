import { inspectorPage } from '../scripts/inspector-page.mjs';

/**
 * What runs on the sources serves the page that a build has in it
 * (lib/integrations/inspector/built-page.ts).
 */
export default async function () {
  await inspectorPage();
}
