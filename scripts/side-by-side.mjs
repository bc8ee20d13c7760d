import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/**
 * Runs scripts of package.json, as many at a time as there are processors, and prints how long each
 * took. The output of a script is shown if it fails.
 *
 * @returns the names of those that failed
 */
export async function sideBySide(scripts) {
  const left = [...scripts];
  const failed = [];
  const lane = async () => {
    for (let script = left.shift(); script !== undefined; script = left.shift()) {
      const since = Date.now();
      const { status, said } = await run('npm', ['run', '--silent', script]);
      console.log(`  ${status === 0 ? '✓' : '✗'} ${script} (${seconds(since)})`);
      if (status === 0) continue;
      failed.push(script);
      console.log(said);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return failed;
}

export function seconds(since) {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}

/** @returns the exit status of a program, and its output */
export function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: program === 'npm' && process.platform === 'win32',
      ...options,
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (said += text));
    child.on('error', (error) => resolve({ status: 1, said: String(error) }));
    child.on('close', (status) => resolve({ status, said }));
  });
}
