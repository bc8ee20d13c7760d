import { afterEach, beforeEach } from '@jest/globals';
import type { Knex } from 'knex';
import { beginTestTransaction } from 'nestjs-airlock/testing';

declare const knex: Knex;
// …
