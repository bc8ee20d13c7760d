import type { PGlite } from '@electric-sql/pglite';
import { describeTransactionContract } from 'nestjs-airlock/testing';
import { emptyPglite } from '../../pglite.js';
import { describeWith, postgres } from '../../servers.js';
import { connectNodePostgres, connectPglite } from './contract.client.js';

describeWith(postgres, 'Drizzle on node-postgres', () => {
  describeTransactionContract('trackDrizzleTransactions', { connect: () => connectNodePostgres() });
});

describe('Drizzle on PGlite', () => {
  let shared: PGlite | undefined;
  let users = 0;
  describeTransactionContract('trackDrizzleTransactions', {
    isServer: false,
    connect: async () => {
      const server = (shared ??= emptyPglite());
      users++;
      return connectPglite(server, async () => {
        if (--users === 0) await server.close();
      });
    },
  });
});
