import { describeWith, postgres } from '../../servers.js';
import { connectPg } from './clients/pg.js';
import { describeOutbox } from './outbox.suite.js';

describeWith(postgres, 'pg', () => describeOutbox('plain pg', connectPg));
