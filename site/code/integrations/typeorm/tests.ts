import { jest } from '@jest/globals';
import { startTestTransaction } from 'nestjs-airlock/typeorm';
import type { DataSource } from 'typeorm';

declare const dataSource: DataSource;
// …
