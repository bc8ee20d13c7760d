import { afterEach, beforeEach } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import { beginTestTransaction } from 'nestjs-airlock/testing';

declare const orm: MikroORM;
// …
