import { describeTransactionContract } from 'nestjs-airlock/testing';
import { describeWith, postgres } from '../../servers.js';
import { connectSequelize, managed, unmanaged } from './contract.client.js';

describeWith(postgres, 'Sequelize', () => {
  beforeAll(() => {
    // It tells the console of commits that fail, which they are meant to.
    jest.spyOn(console, 'warn').mockImplementation(() => {});
  });
  afterAll(() => {
    jest.restoreAllMocks();
  });

  describe('managed', () => {
    describeTransactionContract('trackSequelizeTransactions', {
      connect: () => connectSequelize(managed),
    });
  });

  describe('unmanaged', () => {
    describeTransactionContract('trackSequelizeTransactions', {
      byStatements: true,
      commitReleasesSavepoints: true,
      connect: () => connectSequelize(unmanaged),
    });
  });
});
