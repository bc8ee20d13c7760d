import { describeWith, mariadb, postgres } from '../../servers.js';
import { connectLibsql, connectMariadb, connectPostgres } from './clients/mikro-orm.js';
import { describeOutbox } from './outbox.suite.js';

describeWith(postgres, 'PostgreSQL', () => describeOutbox('MikroORM', connectPostgres));
describeWith(mariadb, 'MariaDB', () => describeOutbox('MikroORM', connectMariadb));
describe('SQLite', () => {
  describeOutbox('MikroORM', connectLibsql);
});
