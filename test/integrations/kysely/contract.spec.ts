import { CamelCasePlugin } from 'kysely';
import { describeTransactionContract } from 'nestjs-airlock/testing';
import { describeWith, postgres } from '../../servers.js';
import { byCallback, connectKysely, controlled } from './contract.client.js';

describeWith(postgres, 'Kysely', () => {
  describe('with a callback', () => {
    describeTransactionContract('trackKyselyTransactions', {
      savepoints: false,
      connect: () => connectKysely(byCallback),
    });
  });

  describe('controlled', () => {
    describeTransactionContract('trackKyselyTransactions', {
      byStatements: true,
      commitReleasesSavepoints: true,
      connect: () => connectKysely(controlled),
    });
  });

  describe('controlled, by an instance that is derived', () => {
    describeTransactionContract('trackKyselyTransactions', {
      byStatements: true,
      commitReleasesSavepoints: true,
      connect: () => connectKysely(controlled, (db) => db.withPlugin(new CamelCasePlugin())),
    });
  });
});
