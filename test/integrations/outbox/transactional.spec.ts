import type { INestApplicationContext } from '@nestjs/common';
import { AirlockOutbox } from 'nestjs-airlock/outbox';
import { AirlockService } from 'nestjs-airlock';
import { DataSource } from 'typeorm';
import {
  addTransactionalDataSource,
  deleteDataSourceByName,
  initializeTransactionalContext,
  runInTransaction,
  StorageDriver,
} from 'typeorm-transactional';
import { describeWith, postgres } from '../../servers.js';
import { errorOf } from '../../unit/core/fixtures.js';
import type { OutboxClient } from './client.js';
import { connectPostgres } from './clients/typeorm.js';
import { boot, Mail } from './fixtures.js';

describeWith(postgres, 'PostgreSQL', () => {
  describe('when the connection of the outbox looks for the transaction of its caller', () => {
    let client: OutboxClient;
    let app: INestApplicationContext;

    beforeAll(async () => {
      initializeTransactionalContext({ storageDriver: StorageDriver.ASYNC_LOCAL_STORAGE });
      client = await connectPostgres();
      addTransactionalDataSource(client.connection as DataSource);
      app = await boot(client, { outbox: { sweepIntervalMs: false } });
    });
    afterAll(async () => {
      deleteDataSourceByName('default');
      await app.close();
      await client.close();
    });

    it('is in none, so that a rollback takes nothing back', async () => {
      const [mail, outbox] = [app.get(Mail), app.get(AirlockOutbox)];
      mail.before = () => {
        throw new Error('refused');
      };
      await errorOf(() =>
        app.get(AirlockService).run(() => runInTransaction(() => mail.send('a'))),
      );
      const [stuck] = await outbox.stuck();
      const refused = new Error('refused');
      const error = await errorOf(() =>
        runInTransaction(async () => {
          expect(await outbox.discard(stuck!.id)).toBe('discarded');
          throw refused;
        }),
      );
      expect(error).toBe(refused);
      expect(await outbox.stuck()).toEqual([]);
    });
  });
});
