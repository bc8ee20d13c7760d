import { expect } from '@jest/globals';
import { Test } from '@nestjs/testing';
import type { Knex } from 'knex';
import request from 'supertest';

declare const plainKnex: Knex;
declare const KNEX: unique symbol;
declare class AppModule {}
declare const mails: string[];
// …
