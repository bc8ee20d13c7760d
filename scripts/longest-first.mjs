import TestSequencer from '@jest/test-sequencer';

/**
 * Test files that start processes, compile or install, and take from ten seconds to a minute,
 * whatever their size.
 */
const long = [
  // Collects garbage over and over, which takes ten times as long in a worker that has run others.
  'test/field/nothing-grows',
  'sample/01-shop/',
  'test/crash/',
  'test/soak/',
  'test/package/consumer',
  'sample/07-web-and-worker/',
  'test/unit/eslint/rules',
  'test/unit/testing/other-runners',
  'test/package/',
  'test/oracle/',
  'test/readme/',
  'test/unit/eslint/',
  'test/integrations/pg-boss/',
  'contract.spec',
];

/**
 * Runs long test files first, so that none is left to one worker at the end. Jest itself goes by
 * the durations of earlier runs, which a fresh checkout does not have.
 *
 * The others run a major of Nest after the other: a worker then keeps the compiled modules of one
 * (test/runtime.mjs), and has those of one to compile where it takes the place of a full one.
 */
export default class LongestFirst extends TestSequencer {
  sort(tests) {
    return super.sort(tests).toSorted((a, b) => rank(a) - rank(b) || byProject(b, a));
  }
}

function byProject(a, b) {
  return nameOf(a).localeCompare(nameOf(b));
}

function nameOf({ context }) {
  return context.config.displayName.name;
}

function rank({ path }) {
  const place = long.findIndex((part) => path.includes(part));
  return place === -1 ? long.length : place;
}
