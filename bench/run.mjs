// Prints every comparison as a ratio to its peer in the same run; `--json FILE` writes them,
// `--only core,http` picks.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 5)
  throw new Error(`Expected --rounds to be an integer of 5 or more, got ${values.rounds}`);

const suites = {
  core: './core.mjs',
  transactions: './transactions.mjs',
  clients: './clients.mjs',
  http: './http.mjs',
  bullmq: './bullmq.mjs',
  'pg-boss': './pg-boss.mjs',
  outbox: './outbox.mjs',
  memory: './memory.mjs',
  boot: './boot.mjs',
};
const chosen = values.only === undefined ? Object.keys(suites) : values.only.split(',');

const rows = [];
for (const name of chosen) {
  const { measure } = await import(suites[name]);
  rows.push(...(await measure(rounds)));
}
console.table(
  Object.fromEntries(
    rows.map(({ what, peer, ratio, low, high, goal, reached, isCertain }) => [
      what,
      {
        against: peer,
        ratio: ratio.toFixed(2),
        '95 %': `${low.toFixed(2)}–${high.toFixed(2)}`,
        goal: goal ?? '',
        reached: goal ? `${reached ? 'yes' : 'no'}${isCertain ? '' : ', not certain'}` : '',
      },
    ]),
  ),
);
if (values.json)
  writeFileSync(
    values.json,
    `${JSON.stringify({ node: process.version, rounds, rows }, undefined, 2)}\n`,
  );
