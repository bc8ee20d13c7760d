import { setTimeout } from 'node:timers/promises';
import { AirlockService } from '../../../nest/services/airlock.service.js';
import { ContractEffects } from './contract-effects.js';
import type { ExecutorSuite } from './executor-suite.js';

/** Defines that a shutdown waits for what runs (rule 24). @internal */
export function shutdownCases(suite: ExecutorSuite): void {
  suite.when('the applications shut down while an effect runs', () => {
    suite.it('waits for its end', async () => {
      const { record } = suite;
      const system = await suite.boot();
      const open = record.close();
      const effects = system.producer.get(ContractEffects, { strict: false });
      const airlock = system.producer.get(AirlockService, { strict: false });
      const flushing = airlock.run(() => effects.pass('slow'));
      await suite.until(() => record.ran.length > 0);

      let hasClosed = false;
      const closing = system.close().then(() => (hasClosed = true));
      await setTimeout(50);
      const early = [...record.ran, hasClosed ? 'closed' : 'closing'];
      open();
      await Promise.all([flushing, closing]);
      suite.same(early, ['slow begins', 'closing']);
      suite.same(record.ran, ['slow begins', 'slow ends']);
    });
  });
}
