import { describeWith, mariadb, postgres } from '../../servers.js';
import { connectMariadb, connectPostgres } from './clients/sequelize.js';
import { describeOutbox } from './outbox.suite.js';

describeWith(postgres, 'PostgreSQL', () => describeOutbox('Sequelize', connectPostgres));
describeWith(mariadb, 'MariaDB', () => describeOutbox('Sequelize', connectMariadb));
