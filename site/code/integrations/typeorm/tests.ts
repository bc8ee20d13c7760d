import { jest } from '@jest/globals';
import { beginTestTransaction } from 'nestjs-airlock/testing';
import type { DataSource } from 'typeorm';

declare const dataSource: DataSource;
// …
