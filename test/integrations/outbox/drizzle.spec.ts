import { describeWith, mariadb, postgres } from '../../servers.js';
import { connectMariadb, connectPostgres } from './clients/drizzle.js';
import { describeOutbox } from './outbox.suite.js';

describeWith(postgres, 'PostgreSQL', () => describeOutbox('Drizzle', connectPostgres));
describeWith(mariadb, 'MariaDB', () => describeOutbox('Drizzle', connectMariadb));
