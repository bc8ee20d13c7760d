import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { freePort, type Invocation, OwnServer, programAt } from './own.server.js';

/** The program of a MySQL to take instead. */
export const MYSQL = process.env['OWN_MYSQLD'];

/**
 * What MySQL runs at each start. Without its tables of users it would listen on no port.
 */
const AT_START = [
  'create database if not exists test;',
  "create user if not exists root@'%';",
  "grant all on *.* to root@'%';",
].join('\n');

/** A MariaDB of a test's own, with a database `test` that anybody may use. */
export class OwnMariadb extends OwnServer {
  private constructor(port: number) {
    super(port);
    mkdirSync(this.data);
    writeFileSync(this.atStart, AT_START);
    // A first start that ends well: what is killed in the midst of its first one cannot recover.
    execFileSync(
      OwnMariadb.program!,
      [...this.settings, MYSQL ? '--initialize-insecure' : '--bootstrap'],
      { input: 'create database test;\n', stdio: ['pipe', 'ignore', 'ignore'] },
    );
  }

  static get program(): string | undefined {
    return programAt(MYSQL || 'mariadbd');
  }

  static async start(): Promise<OwnMariadb> {
    const server = new OwnMariadb(await freePort());
    await server.start();
    return server;
  }

  get url(): string {
    return `mysql://root@127.0.0.1:${this.port}/test`;
  }

  protected get invocation(): Invocation {
    const settings = {
      port: String(this.port),
      'bind-address': '127.0.0.1',
      socket: join(this.folder, 'socket'),
      'pid-file': join(this.folder, 'pid'),
      ...(MYSQL && { mysqlx: 'OFF', 'init-file': this.atStart }),
    };
    return { program: OwnMariadb.program!, args: [...this.settings, ...optionsOf(settings)] };
  }

  protected async answers(): Promise<boolean> {
    try {
      const client = await createConnection({ uri: this.url, connectTimeout: 2_000 });
      client.on('error', () => {});
      try {
        await client.query({ sql: 'select 1', timeout: 2_000 });
        return true;
      } finally {
        client.destroy();
      }
    } catch {
      return false;
    }
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  private get atStart(): string {
    return join(this.folder, 'start.sql');
  }

  /** Without the tables of users there is nothing to install on MariaDB. */
  private get settings(): readonly string[] {
    const settings = {
      datadir: this.data,
      'innodb-buffer-pool-size': '32M',
      [MYSQL ? 'innodb-redo-log-capacity' : 'innodb-log-file-size']: '16M',
      // Given to the system at each commit: it is this process that is killed.
      'innodb-flush-log-at-trx-commit': '2',
      ...(process.getuid?.() === 0 && { user: 'root' }),
    };
    const users = MYSQL ? '--skip-name-resolve' : '--skip-grant-tables';
    return ['--no-defaults', users, '--skip-log-bin', ...optionsOf(settings)];
  }
}

function optionsOf(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}
