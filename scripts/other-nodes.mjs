// Tests on other versions of Node: on each, loads every sub-path of the build and runs the suites
// to which the version could matter. MikroORM 7, which needs Node 22, is tested here only.
import { existsSync } from 'node:fs';
import { run, seconds } from './side-by-side.mjs';

// Each suite runs on one version: clients of databases on the newer one, and MikroORM 7 on the
// oldest that it supports.
const everywhere = ['/test/unit/(core|nest)/'];
const versions = {
  22: [
    ...everywhere,
    '/test/integrations/((outbox/)?mikro-orm|pg-boss/atomicity)',
    '/test/field/(a-hook-of-a-commit|a-transaction-lies-around|each-test-runs-in-a-transaction)',
  ],
  24: [...everywhere, '/test/integrations/(drizzle|knex|typeorm)/contract'],
};

/** Runs all versions side by side. @returns true if all went well on every one */
export async function runOnOtherNodes() {
  const went = await Promise.all(Object.entries(versions).map(runOn));
  return went.every(Boolean);
}

async function runOn([version, suites]) {
  const node = `test/other-nodes/node_modules/node-${version}/bin/node${process.platform === 'win32' ? '.exe' : ''}`;
  if (!existsSync(node)) {
    console.log(
      `  ✗ Node ${version}: ${node} is not there. Its package fetches it when it is installed: npm --prefix test/other-nodes rebuild node-${version}`,
    );
    return false;
  }
  const jest = [
    'node_modules/jest/bin/jest.js',
    '--config',
    'jest.other-node.config.mjs',
    '--testTimeout=60000',
  ];
  const vm = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const isLoaded = await step(`Node ${version}: every sub-path as ESM and as CommonJS`, node, [
    'scripts/load-sub-paths.mjs',
  ]);
  return (
    (await step(`Node ${version}: core, Nest, transactions`, node, [...vm, ...jest, ...suites])) &&
    isLoaded
  );
}

async function step(name, node, args) {
  const since = Date.now();
  const { status, said } = await run(node, args, {
    env: { ...process.env, OTHER_NODE: '1' },
  });
  console.log(`  ${status === 0 ? '✓' : '✗'} ${name} (${seconds(since)})`);
  if (status !== 0) console.log(said);
  return status === 0;
}
