import { describeWith, postgres } from '../../servers.js';
import { connectPostgres } from './clients/prisma.js';
import { describeOutbox } from './outbox.suite.js';

describeWith(postgres, 'PostgreSQL', () => describeOutbox('Prisma', connectPostgres));
