import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { freePort, type Invocation, OwnServer, programAt } from './own.server.js';

/** A MariaDB of a test's own, with a database `test` that anybody may use. */
export class OwnMariadb extends OwnServer {
  private constructor(port: number) {
    super(port);
    mkdirSync(this.data);
    // A first start that ends well: what is killed in the midst of its first one cannot recover.
    execFileSync(OwnMariadb.program!, [...this.settings, '--bootstrap'], {
      input: 'create database test;\n',
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }

  static get program(): string | undefined {
    return programAt('mariadbd');
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

  /** Without the tables of users there is nothing to install. */
  private get settings(): readonly string[] {
    const settings = {
      datadir: this.data,
      'innodb-buffer-pool-size': '32M',
      'innodb-log-file-size': '16M',
      // Given to the system at each commit: it is this process that is killed.
      'innodb-flush-log-at-trx-commit': '2',
      ...(process.getuid?.() === 0 && { user: 'root' }),
    };
    return ['--no-defaults', '--skip-grant-tables', '--skip-log-bin', ...optionsOf(settings)];
  }
}

function optionsOf(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}
