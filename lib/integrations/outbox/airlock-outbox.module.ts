import {
  type ConfigurableModuleAsyncOptions,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { EffectWorker } from '../../nest/remote/effect-worker.js';
import { rootModule } from '../root.module.js';
import { STUCK_ROWS, type StuckRows } from '../stuck-rows.js';
import { AirlockOutbox } from './airlock-outbox.js';
import { CheckedRemoval } from './checked-removal.js';
import { EngineBehind } from './engine-behind.js';
import { OutboxFailures } from './failures.js';
import { OutboxClock } from './outbox.clock.js';
import { OutboxDatabase } from './outbox.database.js';
import { OutboxOpening } from './outbox.opening.js';
import { OutboxExecutor } from './outbox.executor.js';
import type { AirlockOutboxOptions } from './outbox.options.js';
import { OutboxSettings } from './outbox.settings.js';
import { OutboxTable } from './outbox.table.js';
import { RowsInFlight } from './rows-in-flight.js';
import { OutboxSweeper } from './sweeper.js';

/** Factory for `useClass` and `useExisting` of `forRootAsync`. @publicApi */
export interface AirlockOutboxOptionsFactory {
  createAirlockOutboxOptions(): AirlockOutboxOptions | Promise<AirlockOutboxOptions>;
}

/**
 * Options of `AirlockOutboxModule.forRootAsync`: `useFactory`, `useClass` or `useExisting`.
 * @publicApi
 */
export type AirlockOutboxAsyncOptions = ConfigurableModuleAsyncOptions<
  AirlockOutboxOptions,
  'createAirlockOutboxOptions'
>;

/**
 * Puts an outbox in front of another executor: effects called in a transaction become rows that
 * commit with its data, so that a crash between COMMIT and dispatch loses none. Provides
 * `OutboxExecutor` and `AirlockOutbox`. Needs `AirlockModule`, the module of the executor behind
 * it, and an adapter for the client of the transactions.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     AirlockModule.forRoot({ executor: OutboxExecutor }),
 *     AirlockTypeOrmModule.forRoot(),
 *     AirlockBullMqModule.forRoot({ connection: 'redis://localhost' }),
 *     AirlockOutboxModule.forRoot({
 *       dialect: 'postgres',
 *       connection: DataSource,
 *       executor: BullMqExecutor,
 *     }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({
  providers: [
    OutboxClock,
    OutboxDatabase,
    OutboxOpening,
    OutboxTable,
    CheckedRemoval,
    RowsInFlight,
    OutboxFailures,
    EngineBehind,
    OutboxSweeper,
    OutboxExecutor,
    AirlockOutbox,
    { provide: STUCK_ROWS, inject: [AirlockOutbox], useFactory: stuckRowsOf },
  ],
  exports: [OutboxExecutor, AirlockOutbox],
})
export class AirlockOutboxModule
  extends rootModule({
    module: 'AirlockOutboxModule',
    hint: 'it is for all effects whose executor is `OutboxExecutor`',
    factoryMethod: 'createAirlockOutboxOptions',
    settings: OutboxSettings,
  })
  implements OnModuleInit, OnApplicationBootstrap
{
  /** @internal Built by Nest. */
  constructor(
    @Inject(OutboxOpening) private readonly opening: OutboxOpening,
    @Inject(EngineBehind) private readonly behind: EngineBehind,
    @Inject(OutboxSweeper) private readonly sweeper: OutboxSweeper,
    @Inject(EffectWorker) private readonly effects: EffectWorker,
  ) {
    super();
  }

  /**
   * @throws AirlockOptionsError; OutboxTableError; EngineUnreachableError where the database is
   *   down
   */
  async onModuleInit(): Promise<void> {
    void this.behind.engine;
    await this.opening.open();
  }

  onApplicationBootstrap(): void {
    this.effects.onShutdown(() => this.sweeper.stop());
    this.sweeper.start();
  }
}

function stuckRowsOf(outbox: AirlockOutbox): StuckRows {
  return {
    async list() {
      const stuck = await outbox.stuck();
      return stuck.map(({ id, effect, attempts, error, since }) => ({
        id,
        effect,
        attempts,
        error,
        since: since.getTime(),
      }));
    },
    retry: (id) => outbox.retry(id),
    discard: (id) => outbox.discard(id),
  };
}
