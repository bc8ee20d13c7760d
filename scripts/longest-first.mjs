import TestSequencer from '@jest/test-sequencer';

/**
 * Test files that start processes, compile or install, and take from ten seconds to a minute,
 * whatever their size.
 */
const long = [
  'sample/01-shop/',
  'test/crash/',
  'test/soak/',
  'test/package/consumer',
  'sample/07-web-and-worker/',
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
 */
export default class LongestFirst extends TestSequencer {
  sort(tests) {
    return super.sort(tests).toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ path }) {
  const place = long.findIndex((part) => path.includes(part));
  return place === -1 ? long.length : place;
}
