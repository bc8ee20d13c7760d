import type { TransactionalAdapter } from '@nestjs-cls/transactional';
import { trackClsTransactions } from 'nestjs-airlock/cls-transactional';

// Of @nestjs-cls/transactional-adapter-pg-promise and pg-promise, which are not installed here.
interface Database {
  any<T = any>(query: string, values?: any): Promise<T[]>;
}
declare class TransactionalAdapterPgPromise implements TransactionalAdapter<
  Database,
  Database,
  object
> {
  constructor(options: { dbInstanceToken: unknown });
  connectionToken: unknown;
  optionsFactory: TransactionalAdapter<Database, Database, object>['optionsFactory'];
}
declare const DB: unique symbol;
// …
