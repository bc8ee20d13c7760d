import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import type { DataSource } from 'typeorm';
import type { DataSource as DataSource03 } from 'typeorm-0.3';
import { type Equal, expectTrue } from './expect.js';

export function takesTheRealOnes(current: DataSource, previous: DataSource03): void {
  const kept = trackTypeOrmTransactions(current);
  const keptPrevious = trackTypeOrmTransactions(previous);
  expectTrue<Equal<typeof kept, DataSource>>();
  expectTrue<Equal<typeof keptPrevious, DataSource03>>();
  // @ts-expect-error a manager is no data source
  trackTypeOrmTransactions(current.manager);
}
