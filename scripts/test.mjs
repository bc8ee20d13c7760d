// Runs everything that can be tested here: the checks and both builds side by side, then all
// suites. Arguments go to jest. `--quick` runs the checks, and the suites that need no server and
// no build, on one major of Nest.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { jest } from './jest.mjs';
import { runOnOtherNodes } from './other-nodes.mjs';
import { findServers } from './servers.mjs';
import { seconds, sideBySide } from './side-by-side.mjs';

const results = '.cache/test-results.json';
const resultsAlone = '.cache/test-results-alone.json';
/** Largest number of files that may have failed by chance. */
const MOST_AGAIN = 3;
const given = process.argv.slice(2);
const quick = given.includes('--quick');
const jestArguments = given.filter((argument) => argument !== '--quick');

// The longest first, so that none is left over at the end.
const checks = ['check:types', 'check:format', 'check:lint', 'check:imports', 'check:manifest'];
const first = quick ? checks : ['build', ...checks];
const suites = quick
  ? [
      '--selectProjects',
      'nest 12',
      '--testPathPatterns',
      'test/unit',
      '--testPathIgnorePatterns',
      'other-runners',
    ]
  : [];

const began = Date.now();
console.log(`1. ${first.join(', ')}`);
console.log(
  quick
    ? '2. the unit suites on Nest 12'
    : '2. all suites on Nest 12 and, where the major could matter, on Nest 11',
);
// With arguments only those suites run.
const everywhere = !quick && jestArguments.length === 0;
if (everywhere)
  console.log('3. every sub-path and the core, Nest and transaction suites on Node 22 and 24');
if (!quick) await tellServers();

console.log(`\n1. ${quick ? 'Checks' : 'Build and checks'}`);
const failed = await sideBySide(first);
if (failed.length > 0) {
  console.error(`Failed: ${failed.join(', ')}. No suite was run.`);
  process.exit(1);
}

console.log('\n2. Suites');
mkdirSync('.cache', { recursive: true });
const since = Date.now();
let status = runSuites(results, [...suites, ...jestArguments]);
if (everywhere && status !== 0) status = againAlone();
tellSkipped();
console.log(`\nSuites: ${seconds(since)}.`);
if (everywhere) console.log('\n3. Other versions of Node');
const isFineElsewhere = !everywhere || (await runOnOtherNodes());
console.log(`\nAll: ${seconds(began)}.`);
process.exit(status === 0 && !isFineElsewhere ? 1 : (status ?? 1));

function runSuites(file, jestOptions) {
  rmSync(file, { force: true });
  return jest(
    [
      // Far beyond what any test needs, for machines that are busy with something else.
      '--testTimeout=60000',
      '--json',
      `--outputFile=${file}`,
      ...jestOptions,
    ],
    { stdio: ['inherit', 'ignore', 'inherit'] },
  );
}

/**
 * Runs a few files that failed once more, alone, and names them: a file that then passes failed
 * because the machine was busy, and has to be mended all the same.
 */
function againAlone() {
  const all = read(results);
  const files = [...new Set(all?.testResults.filter(hasFailed).map(({ name }) => name))];
  if (files.length === 0 || files.length > MOST_AGAIN) return 1;
  console.log(['\nFailed, so run once more, alone:', ...files].join('\n  '));
  runSuites(resultsAlone, ['--maxWorkers=1', '--runTestsByPath', ...files]);
  const alone = read(resultsAlone);
  if (alone === undefined) return 1;
  const testResults = [
    ...all.testResults.filter(({ name }) => !files.includes(name)),
    ...alone.testResults,
  ];
  const count = (how) =>
    testResults.flatMap((file) => file.assertionResults).filter((test) => test.status === how)
      .length;
  writeFileSync(
    results,
    JSON.stringify({
      ...all,
      testResults,
      numPassedTests: count('passed'),
      numFailedTests: count('failed'),
      numPendingTests: count('pending'),
      numRuntimeErrorTestSuites: alone.numRuntimeErrorTestSuites,
    }),
  );
  const unsteady = files.filter(
    (file) => !alone.testResults.some((one) => one.name === file && hasFailed(one)),
  );
  if (unsteady.length > 0) console.log(['\nUnsteady, passed alone:', ...unsteady].join('\n  '));
  return alone.testResults.some(hasFailed) ? 1 : 0;
}

function hasFailed({ status: how }) {
  return how === 'failed';
}

async function tellServers() {
  const servers = await findServers();
  const fate =
    process.env.CI === 'true' ? 'their suites fail (CI=true)' : 'their suites are skipped';
  const list = (those) =>
    those.map(({ name, place, variable }) => `${name} at ${place} (${variable})`).join(', ');
  const [found, missing] = [true, false].map((answers) =>
    servers.filter((server) => server.answers === answers),
  );
  console.log(`Servers that answer: ${list(found) || 'none'}`);
  if (missing.length > 0) console.log(`No answer from ${list(missing)}: ${fate}`);
}

/**
 * Names the suites that were skipped because something is missing here, by their titles
 * (test/servers.ts).
 */
function tellSkipped() {
  const skipped = new Set();
  for (const { name, assertionResults } of read(results)?.testResults ?? []) {
    for (const { status: how, ancestorTitles } of assertionResults) {
      const title = ancestorTitles.find((ancestor) => ancestor.includes('(skipped: no '));
      if (how === 'pending' && title !== undefined) skipped.add(`${title}\n    ${name}`);
    }
  }
  if (skipped.size > 0) console.log(['\nSkipped:', ...skipped].join('\n  '));
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
