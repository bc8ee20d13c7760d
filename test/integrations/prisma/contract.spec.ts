import { describeTransactionContract } from 'nestjs-airlock/testing';
import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { describeWith, postgres } from '../../servers.js';
import { connectPrisma, type Keep } from './contract.client.js';
import { MAJORS } from './generated.js';

const extension = { model: { $allModels: { nothing: () => undefined } } };

const clients: Readonly<Record<string, Keep>> = {
  'a client': (client) => trackPrismaTransactions(client),
  'a client that was extended before': (client) =>
    trackPrismaTransactions(client.$extends(extension)),
  'a client that was extended after': (client) =>
    trackPrismaTransactions(client).$extends(extension),
};

describeWith(postgres, 'on PostgreSQL', () => {
  describe.each(MAJORS)('%s', (_major, major) => {
    describe.each(Object.entries(clients))('%s', (_name, keep) => {
      describeTransactionContract('trackPrismaTransactions', {
        savepoints: major.hasSavepoints,
        connect: () => connectPrisma(keep, major),
      });
    });
  });
});
