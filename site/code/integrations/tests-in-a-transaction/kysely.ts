import { afterEach, beforeEach } from '@jest/globals';
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresDialect,
  PostgresDriver,
  sql,
} from 'kysely';
import { Pool } from 'pg';

type Tables = object;
declare const connectionString: string;
// …
