import { root } from '../package/built.js';
import { node } from '../package/run.js';

describe('when thousands of requests of all kinds have been answered, or left', () => {
  it('has nothing left of them: no open scope, no effect without an end, no memory', () => {
    const { status, stdout, said } = node(['scripts/soak.mjs'], root, {
      SOAK_REQUESTS: '4000',
      SOAK_SEED: '7',
    });
    if (status !== 0) throw new Error(said);
    expect(stdout).toMatch(/^soak: 4000 requests, 0 open scopes, 0 effects without an end, /m);
  }, 120_000);
});
