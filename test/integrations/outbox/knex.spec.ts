import { describeWith, mariadb, postgres } from '../../servers.js';
import { connectMariadb, connectPostgres, connectSqlite } from './clients/knex.js';
import { describeOutbox } from './outbox.suite.js';

describeWith(postgres, 'PostgreSQL', () => describeOutbox('Knex', connectPostgres));
describeWith(mariadb, 'MariaDB', () => describeOutbox('Knex', connectMariadb));
describe('SQLite', () => {
  describeOutbox('Knex', connectSqlite);
});
