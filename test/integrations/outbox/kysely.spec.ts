import { describeWith, mariadb, postgres } from '../../servers.js';
import { connectMariadb, connectPostgres } from './clients/kysely.js';
import { describeOutbox } from './outbox.suite.js';

describeWith(postgres, 'PostgreSQL', () =>
  describeOutbox('Kysely', connectPostgres, { savepoints: false }),
);
describeWith(mariadb, 'MariaDB', () =>
  describeOutbox('Kysely', connectMariadb, { savepoints: false }),
);
