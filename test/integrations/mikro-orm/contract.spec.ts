import { describeTransactionContract } from 'nestjs-airlock/testing';
import { describeWith, postgres } from '../../servers.js';
import { byStatements, connectMikroOrm, transactional } from './contract.client.js';

describeWith(postgres, 'MikroORM', () => {
  describe('with a callback', () => {
    describeTransactionContract('trackMikroOrmTransactions', {
      connect: () => connectMikroOrm(transactional),
    });
  });

  describe('begun by a statement', () => {
    describeTransactionContract('trackMikroOrmTransactions', {
      byStatements: true,
      connect: () => connectMikroOrm(byStatements),
    });
  });
});
