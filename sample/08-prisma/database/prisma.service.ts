import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/client.js';

export class PrismaService extends PrismaClient {
  constructor(connectionString: string) {
    // PGlite takes one connection.
    super({ adapter: new PrismaPg({ connectionString, max: 1 }) });
  }
}
