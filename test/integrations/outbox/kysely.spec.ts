import { describeWith, mariadb, postgres } from '../../servers.js';
import {
  connectBetterSqlite,
  connectMariadb,
  connectPostgres,
  connectSqlite,
} from './clients/kysely.js';
import { describeOutbox } from './outbox.suite.js';

describeWith(postgres, 'PostgreSQL', () =>
  describeOutbox('Kysely', connectPostgres, { savepoints: false }),
);
describeWith(mariadb, 'MariaDB', () =>
  describeOutbox('Kysely', connectMariadb, { savepoints: false }),
);
describe('SQLite', () => {
  describeOutbox('Kysely', connectSqlite, { savepoints: false });
  describeOutbox('Kysely, beside its driver', connectBetterSqlite, { savepoints: false });
});
