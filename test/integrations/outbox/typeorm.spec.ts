import { describeWith, mariadb, postgres } from '../../servers.js';
import { connectMariadb, connectPostgres, connectSqljs } from './clients/typeorm.js';
import { describeOutbox } from './outbox.suite.js';

describeWith(postgres, 'PostgreSQL', () => describeOutbox('TypeORM', connectPostgres));
describeWith(mariadb, 'MariaDB', () => describeOutbox('TypeORM', connectMariadb));
describe('SQLite', () => {
  describeOutbox('TypeORM', connectSqljs);
});
