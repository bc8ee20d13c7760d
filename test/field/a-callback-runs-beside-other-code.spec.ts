import { AirlockService } from 'nestjs-airlock';
import { setImmediate } from 'node:timers/promises';
import { boot, checkAfterEach, Effects } from '../e2e/http/fixtures.js';
import { describeWith, postgres } from '../servers.js';
import { type Client, clients } from './postgres-clients.js';

// It looks the same as one that hands out its transaction, up to the first statement of the code beside it.

checkAfterEach();

describeWith(postgres, 'when a callback in a transaction runs beside other code', () => {
  describe.each(Object.entries(clients))('%s', (_name, connect) => {
    let client: Client;
    beforeAll(async () => {
      client = await connect();
    });
    afterAll(() => client.close());

    it('leaves the calls of that code alone, whatever becomes of the transaction', async () => {
      const { app, sent } = await boot({});
      const effects = app.get(Effects, { strict: false });
      await app.get(AirlockService).run(async () => {
        let isOver = false;
        const running = client
          .transaction(async (tx) => {
            effects.one('lost');
            for (let i = 0; i < 5; i++) await tx.query('select 1');
            throw new Error('no stock');
          })
          .catch(() => {})
          .finally(() => (isOver = true));
        // With statements of its own, each in a transaction of its own.
        while (!isOver) {
          await client.transaction((tx) => tx.query('select 2'));
          effects.one('beside');
          await setImmediate();
        }
        await running;
      });
      expect(new Set(sent)).toEqual(new Set(['beside']));
    });

    it('gives what the callback runs at the same time the fate of the transaction', async () => {
      const { app, sent } = await boot({});
      const effects = app.get(Effects, { strict: false });
      await app.get(AirlockService).run(async () => {
        effects.one('around');
        await client
          .transaction(async (tx) => {
            await Promise.all([
              tx.query('select 1'),
              setImmediate().then(() => effects.one('lost')),
            ]);
            throw new Error('no stock');
          })
          .catch(() => {});
        effects.one('after');
      });
      expect(sent).toEqual(['around', 'after']);
    });
  });
});
