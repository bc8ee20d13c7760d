import { Module } from '@nestjs/common';
import { Settings } from '../settings/settings.js';
import { Database } from './database.js';
import { PgliteDatabase } from './pglite.database.js';
import { PostgresDatabase } from './postgres.database.js';
import { createSchema } from './schema.js';

@Module({
  providers: [
    {
      provide: Database,
      inject: [Settings],
      useFactory: async ({ databaseUrl }: Settings): Promise<Database> => {
        const database =
          databaseUrl === undefined
            ? await PgliteDatabase.open()
            : await PostgresDatabase.connect(databaseUrl);
        await createSchema(database);
        return database;
      },
    },
  ],
  exports: [Database],
})
export class DatabaseModule {}
