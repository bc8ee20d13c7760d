import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Pool } from 'pg';
import { describeWith, freshSchema, postgres } from '../../servers.js';
import { until } from '../remote.js';
import type { OutboxClient } from './client.js';
import { boot, Courier, Mail } from './fixtures.js';

const root = join(__dirname, '../../..');
const SCRIPT = `
  import { pathToFileURL } from 'node:url';
  import { builtForRun } from './scripts/built-for-run.mjs';
  const build = builtForRun('outbox', ['lib', 'test/integrations/outbox', 'test/integrations/pg']);
  await import(pathToFileURL(build + '/test/integrations/outbox/killed.child.js'));`;

describeWith(postgres, 'The outbox', () => {
  describe.each(['an engine', 'in process'])(
    'when a process is killed between COMMIT and dispatch, %s',
    (engine) => {
      it('has the next one hand over each effect of the order, once, under its id', async () => {
        const schema = await freshSchema();
        const pool = new Pool({ connectionString: schema.url });
        const client = { dialect: 'postgres', connection: pool } as unknown as OutboxClient;
        const courier = new Courier();
        const executor = engine === 'in process' ? {} : { executor: courier };
        const heir = await boot(client, { outbox: executor });
        try {
          await pool.query('create table orders (id text primary key)');
          const child = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], {
            cwd: root,
            encoding: 'utf8',
            env: { ...process.env, OUTBOX_URL: schema.url, OUTBOX_ENGINE: engine },
          });
          expect({ signal: child.signal, said: child.stderr }).toEqual({
            signal: 'SIGKILL',
            said: '',
          });
          const { rows: orders } = await pool.query<{ id: string }>(
            'select id from orders order by id',
          );
          expect(orders.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
          const { rows } = await pool.query<{ id: string }>(
            'select id from airlock_outbox order by position',
          );
          expect(rows).toHaveLength(3);
          const seen = () => (engine === 'in process' ? heir.get(Mail).sent : courier.texts);
          await until(() => seen().length === 3);
          expect(seen()).toEqual(['a', 'b', 'c']);
          // In process an effect is run under its id and keeps none.
          const ids = rows.map(({ id }) => id);
          expect(engine === 'in process' ? ids : courier.taken.map(({ id }) => id)).toEqual(ids);
          await until(
            async () => (await pool.query('select 1 from airlock_outbox')).rowCount === 0,
          );
        } finally {
          await heir.close();
          await pool.end();
          await schema.drop();
        }
      }, 60_000);
    },
  );
});
