import { describeTransactionContract } from 'nestjs-airlock/testing';
import { describeWith, postgres } from '../../servers.js';
import { byCallback, connectKysely, controlled } from './contract.client.js';
import { VERSIONS } from './versions.js';

describeWith(postgres, 'on PostgreSQL', () => {
  describe.each(VERSIONS)('%s', (_version, kysely) => {
    describe('with a callback', () => {
      describeTransactionContract('trackKyselyTransactions', {
        savepoints: false,
        connect: () => connectKysely(byCallback, undefined, kysely),
      });
    });

    describe('controlled', () => {
      describeTransactionContract('trackKyselyTransactions', {
        byStatements: true,
        commitReleasesSavepoints: true,
        connect: () => connectKysely(controlled, undefined, kysely),
      });
    });

    describe('controlled, by an instance that is derived', () => {
      describeTransactionContract('trackKyselyTransactions', {
        byStatements: true,
        commitReleasesSavepoints: true,
        connect: () =>
          connectKysely(controlled, (db) => db.withPlugin(new kysely.CamelCasePlugin()), kysely),
      });
    });
  });
});
