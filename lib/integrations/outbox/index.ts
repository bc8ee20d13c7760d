export {
  AirlockOutbox,
  type DiscardResult,
  type RetryResult,
  type StuckEffect,
} from './airlock-outbox.js';
export {
  type AirlockOutboxAsyncOptions,
  AirlockOutboxModule,
  type AirlockOutboxOptionsFactory,
} from './airlock-outbox.module.js';
export { OutboxTableError } from '../../errors/outbox-table.error.js';
export { OutboxExecutor } from './outbox.executor.js';
export type { AirlockOutboxOptions, OutboxConnection, OutboxDialect } from './outbox.options.js';
