import { describeWith, mariadb, postgres } from '../../servers.js';
import { connectMariadb, connectPostgres } from './clients/knex.js';
import { describeOutbox } from './outbox.suite.js';

describeWith(postgres, 'PostgreSQL', () => describeOutbox('Knex', connectPostgres));
describeWith(mariadb, 'MariaDB', () => describeOutbox('Knex', connectMariadb));
