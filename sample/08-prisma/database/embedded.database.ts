import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { schema } from './schema.js';

/**
 * PostgreSQL compiled to WebAssembly, in this process, behind a port: adapters of Prisma speak to
 * servers.
 */
export class EmbeddedDatabase {
  private constructor(
    private readonly pg: PGlite,
    private readonly server: PGLiteSocketServer,
  ) {}

  static async open(): Promise<EmbeddedDatabase> {
    const pg = await PGlite.create();
    await pg.exec(schema);
    const server = new PGLiteSocketServer({ db: pg, host: '127.0.0.1', port: 0 });
    await server.start();
    return new EmbeddedDatabase(pg, server);
  }

  get url(): string {
    return `postgres://postgres@${this.server.getServerConn()}/postgres`;
  }

  async close(): Promise<void> {
    await this.server.stop();
    await this.pg.close();
  }
}
