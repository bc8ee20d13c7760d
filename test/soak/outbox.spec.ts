import { root } from '../package/built.js';
import { node } from '../package/run.js';
import { describeWith, postgres } from '../servers.js';

describeWith(postgres, 'The outbox', () => {
  describe('when thousands of effects have gone through it', () => {
    it('has an empty table, whose files are no larger than before, and keeps no memory', () => {
      const env = { SOAK_EFFECTS: '20000', DATABASE_URL: postgres.url };
      const { status, stdout, said } = node(['scripts/soak.mjs', 'outbox'], root, env);
      if (status !== 0) throw new Error(said);
      expect(stdout).toMatch(/^outbox: 20000 effects, 0 rows left, table /m);
    }, 180_000);
  });
});
