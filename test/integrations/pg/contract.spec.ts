import { describeTransactionContract } from 'nestjs-airlock/testing';
import { describeWith, postgres } from '../../servers.js';
import { connectPg } from './contract.client.js';

describeWith(postgres, 'an adapter of one’s own', () => {
  describeTransactionContract('trackTransactions on plain pg', { connect: () => connectPg() });
});
