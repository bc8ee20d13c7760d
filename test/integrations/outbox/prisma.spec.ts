import { describeWith, mariadb, postgres } from '../../servers.js';
import { MAJORS } from '../prisma/generated.js';
import { connectMariadb, connectPostgres } from './clients/prisma.js';
import { describeOutbox } from './outbox.suite.js';

describeWith(postgres, 'PostgreSQL', () => {
  for (const [name, major] of MAJORS)
    describeOutbox(name, () => connectPostgres(major), { savepoints: major.hasSavepoints });
});
describeWith(mariadb, 'MariaDB', () => describeOutbox('Prisma 7', connectMariadb));
