import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '../../..');

/** As Jest and Vitest write it. */
interface Results {
  readonly numPassedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Runs a test runner in a process of its own. */
async function resultsOf(...args: readonly string[]): Promise<Results> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-'));
  const file = join(folder, 'results.json');
  const env: NodeJS.ProcessEnv = { ...process.env, CI: 'true' };
  delete env.JEST_WORKER_ID;
  delete env.NODE_OPTIONS;
  try {
    const ran = promisify(execFile)(process.execPath, [...args, `--outputFile=${file}`], {
      cwd: root,
      env,
    });
    const problem = await ran.then(
      () => '',
      ({ message, stderr }: { readonly message: string; readonly stderr: string }) =>
        `${message}\n${stderr}`,
    );
    const results = await readFile(file, 'utf8').catch(() => {
      throw new Error(`It wrote no results. ${problem}`);
    });
    return JSON.parse(results) as Results;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function failures({ testResults }: Results): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults
      .filter(({ status }) => status !== 'passed')
      .map(({ fullName }) => fullName);
    return failed.length > 0 || message
      ? [`${basename(name)}: ${failed.join(', ')} ${message}`]
      : [];
  });
}

async function kitSpecs(): Promise<string[]> {
  const files = (await readdir(__dirname, { recursive: true })).map((file) => basename(file));
  return files.filter((file) => file.endsWith('.spec.ts') && file !== basename(__filename)).sort();
}

describe('when the specs of the kit run unchanged under another test runner', () => {
  it.each([
    [
      'Vitest',
      'vitest.test.ts',
      [
        'node_modules/vitest/vitest.mjs',
        'run',
        '--config=test/kit/vitest.config.mts',
        '--reporter=json',
      ],
    ],
    [
      'Jest with native ES modules',
      'jest-globals.spec.ts',
      [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        'node_modules/jest/bin/jest.js',
        '--config=test/kit/jest.esm.config.mjs',
        '--runInBand',
        '--json',
      ],
    ],
  ])(
    'passes under %s',
    async (_, ownSpec, args) => {
      const results = await resultsOf(...args);
      expect(failures(results)).toEqual([]);
      expect(results.numPassedTests).toBe(results.numTotalTests);
      expect(results.testResults.map(({ name }) => basename(name)).sort()).toEqual(
        [...(await kitSpecs()), ownSpec].sort(),
      );
    },
    240_000,
  );
});
