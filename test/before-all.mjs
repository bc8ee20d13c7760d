import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  // For what test files make once for all of them.
  const shared = mkdtempSync(join(realpathSync(tmpdir()), 'nestjs-airlock-run-'));
  process.on('exit', () => rmSync(shared, { recursive: true, force: true }));
  process.env.SHARED_BY_RUN = shared;
}
