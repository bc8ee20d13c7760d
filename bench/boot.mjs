// What loading the package costs a CommonJS application, in processor time: it gets the ES modules
// (one identity of each class), which are to cost no more than the CommonJS build would. Each is
// loaded in a process of its own, after Nest.
import { execFileSync } from 'node:child_process';
import { atMost, ratioOf, row } from './ratios.mjs';

const program = `
  require('reflect-metadata');
  require('@nestjs/common');
  require('@nestjs/core');
  const before = process.cpuUsage();
  require(process.argv[1]);
  const { user, system } = process.cpuUsage(before);
  console.log(user + system);
`;

function load(entry) {
  return Number(
    execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', program, entry]),
  );
}

export function measure(rounds) {
  const ways = ['./dist/cjs/index.js', 'nestjs-airlock'];
  for (const way of ways) load(way);
  const times = Array.from({ length: rounds }, () => ways.map(load));
  const ratios = ratioOf(
    times.map(([, mine]) => mine),
    times.map(([peer]) => peer),
  );
  return [row('boot: loaded by a CommonJS application', 'the CommonJS build', ratios, atMost(1))];
}
