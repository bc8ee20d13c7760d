import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable } from 'drizzle-orm/pg-core';
import type { Pool } from 'pg';

declare const pool: Pool;
const schema = { orders: pgTable('orders', { id: integer().primaryKey() }) };
// …
