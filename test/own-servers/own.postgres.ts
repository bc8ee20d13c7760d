import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort, type Invocation, OwnServer, programAt } from './own.server.js';

/** A PostgreSQL of a test's own, with `postgres` as user and database. */
export class OwnPostgres extends OwnServer {
  private constructor(
    port: number,
    private readonly password: string | undefined,
    primary?: OwnPostgres,
  ) {
    super(port, userOf());
    if (primary !== undefined) {
      const from = ['-d', primary.url, '-D', this.data, '-R', '-X', 'stream', '-c', 'fast'];
      execFileSync(programOf('pg_basebackup')!, from, {
        stdio: 'ignore',
        cwd: this.folder,
        ...userOf(),
      });
      return;
    }
    const auth =
      password === undefined
        ? ['-A', 'trust']
        : ['-A', 'scram-sha-256', '--pwfile', this.passwordFile()];
    const args = [
      '-D',
      this.data,
      '-U',
      'postgres',
      '--no-sync',
      '-E',
      'UTF8',
      '--locale=C',
      ...auth,
    ];
    execFileSync(programOf('initdb')!, args, { stdio: 'ignore', cwd: this.folder, ...userOf() });
  }

  static get program(): string | undefined {
    return programOf('postgres');
  }

  static async start({ password }: { readonly password?: string } = {}): Promise<OwnPostgres> {
    const server = new OwnPostgres(await freePort(), password);
    await server.start();
    return server;
  }

  /** Starts one that follows another, as a replica that may fall behind. */
  static async startReplicaOf(primary: OwnPostgres): Promise<OwnPostgres> {
    const server = new OwnPostgres(await freePort(), primary.password, primary);
    await server.start();
    return server;
  }

  get url(): string {
    const password = this.password === undefined ? '' : `:${encodeURIComponent(this.password)}`;
    return `postgres://postgres${password}@127.0.0.1:${this.port}/postgres`;
  }

  protected get invocation(): Invocation {
    const settings = [
      `listen_addresses=127.0.0.1`,
      `unix_socket_directories=`,
      'shared_buffers=16MB',
      'fsync=off',
      'max_prepared_transactions=4',
    ];
    return {
      program: programOf('postgres')!,
      args: [
        '-D',
        this.data,
        '-p',
        String(this.port),
        ...settings.flatMap((setting) => ['-c', setting]),
      ],
    };
  }

  protected async answers(): Promise<boolean> {
    const client = new Client({
      connectionString: this.url,
      connectionTimeoutMillis: 2_000,
      query_timeout: 2_000,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('select 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => {});
    }
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  private passwordFile(): string {
    const file = join(this.folder, 'password');
    writeFileSync(file, `${this.password}\n`);
    return file;
  }
}

/** Debian keeps them out of the path, a folder for each version. */
function programOf(name: string): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  const found = versions
    .map((version) => join(DEBIAN, version, 'bin', name))
    .filter((path) => existsSync(path));
  return found.at(-1) ?? programAt(name);
}

const DEBIAN = '/usr/lib/postgresql';

/** PostgreSQL refuses to run as root. */
function userOf(): Invocation['user'] {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (option: string, name: string): number => Number(execFileSync('id', [option, name]));
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      // There is no such user.
    }
  }
  return undefined;
}
