import { inspectorPage } from '../scripts/inspector-page.mjs';
import { findServers } from '../scripts/servers.mjs';

/** What all test files need, once for a run. */
export default async function () {
  // What runs on the sources serves the page that a build has in it
  // (lib/integrations/inspector/built-page.ts).
  await inspectorPage();
  // Told to every process of the run (test/servers.ts).
  const servers = (await findServers()).filter(({ answers }) => answers);
  process.env.SERVERS_THAT_ANSWER = servers.map(({ name }) => name).join();
}
