import { trackSavepoints, type RunInTransaction, type TransactionFrame } from 'nestjs-airlock';

declare const runInSavepoint: RunInTransaction<object, []>;
declare const frame: TransactionFrame;
// …
