import { describeWith, mariadb, postgres } from '../../servers.js';
import {
  connectBetterSqlite,
  connectMariadb,
  connectPostgres,
  connectSqljs,
} from './clients/typeorm.js';
import { describeOutbox } from './outbox.suite.js';

describeWith(postgres, 'PostgreSQL', () => describeOutbox('TypeORM', connectPostgres));
describeWith(mariadb, 'MariaDB', () => describeOutbox('TypeORM', connectMariadb));
describe('SQLite', () => {
  describeOutbox('TypeORM on sql.js', connectSqljs);
  describeOutbox('TypeORM on better-sqlite3', connectBetterSqlite);
});
