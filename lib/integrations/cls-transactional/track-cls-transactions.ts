import type { Transaction, TransactionalAdapter } from '@nestjs-cls/transactional';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { FrameStateError } from '../../errors/frame-state.error.js';
import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import type { ClsFrameOptions } from './cls-transactional.options.js';
import { type Host, HostFrames } from './host.frames.js';
import { trackClientsOwnTransactions } from './track-clients-own-transactions.js';
import { requirePeer } from '../../installation/required-peer.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as the package itself has it: no other type takes every adapter
type AnyAdapter = TransactionalAdapter<any, any, any>;
type OptionsFactory = AnyAdapter['optionsFactory'];

/**
 * Makes effects share the fate of the transactions that an adapter of `@nestjs-cls/transactional`
 * begins, in every propagation mode. Changes the adapter in place and returns it; does nothing the
 * second time.
 *
 * @example
 * ```ts
 * const plugin = new ClsPluginTransactional({
 *   adapter: trackClsTransactions(
 *     new TransactionalAdapterTypeOrm({ dataSourceToken: DataSource }),
 *   ),
 * });
 * ```
 *
 * @throws AirlockOptionsError for what is no adapter
 * @publicApi
 */
export function trackClsTransactions<A extends AnyAdapter>(
  adapter: A,
  options: ClsFrameOptions<Transaction<A>> = {},
): A {
  const original = adapter?.optionsFactory as
    | (OptionsFactory & { [TRACKS_TRANSACTIONS]?: true })
    | undefined;
  if (typeof original !== 'function') {
    throw AirlockOptionsError.expected(
      'adapter',
      'an adapter of @nestjs-cls/transactional',
      adapter,
    );
  }
  requirePeer('@nestjs-cls/transactional', '>=3.0.0', 'nestjs-airlock/cls-transactional');
  if (original[TRACKS_TRANSACTIONS]) return adapter;
  const tracking: OptionsFactory = (connection, extraProviders) => {
    trackClientsOwnTransactions(connection, options.name);
    const client = original.call(adapter, connection, extraProviders);
    return trackHostTransactions(client, new HostFrames(options), 'sqlFlavor' in adapter);
  };
  adapter.optionsFactory = Object.defineProperty(tracking, TRACKS_TRANSACTIONS, { value: true });
  return adapter;
}

/**
 * Mark by which the boot sees that the transactions of this host are tracked: the host holds the
 * object.
 */
const MARK: object = { [TRACKS_TRANSACTIONS]: true };

/**
 * Wraps the methods that an adapter gives the plugin. The plugin spreads them into an object, and
 * the host calls them with it as `this`.
 *
 * @param takesFlavor true for an adapter that takes savepoints once it knows the database
 */
function trackHostTransactions<Tx>(
  client: ReturnType<OptionsFactory>,
  frames: HostFrames<Tx>,
  takesFlavor: boolean,
): ReturnType<OptionsFactory> {
  const { wrapWithTransaction, wrapWithNestedTransaction } = client;
  return {
    ...client,
    ...MARK,
    wrapWithTransaction(this: Host, txOptions, work, setTx) {
      return frames.transaction(
        this,
        (fn, set) => wrapWithTransaction.call(this, txOptions, fn, set),
        work,
        setTx,
      );
    },
    async wrapWithNestedTransaction(this: Host, txOptions, work, setTx, tx) {
      if (wrapWithNestedTransaction === undefined)
        throw withoutSavepoints(this.connectionName, takesFlavor);
      const begin: Parameters<typeof frames.savepoint>[1] = (fn, set) =>
        wrapWithNestedTransaction.call(this, txOptions, fn, set, tx);
      return frames.savepoint(this, begin, work, setTx);
    },
  };
}

/**
 * Makes the error for a nested transaction without savepoints. Otherwise the host would warn, and
 * begin a second transaction that sees nothing of the first.
 */
function withoutSavepoints(
  connectionName = 'cls-transactional',
  takesFlavor = false,
): FrameStateError {
  const wayOut = takesFlavor
    ? 'Give the adapter its `sqlFlavor` (as "postgresql" or "mysql"), or use'
    : 'Use';
  return new FrameStateError(
    connectionName,
    'open',
    `Frame "${connectionName}" has no savepoints: its adapter has no \`wrapWithNestedTransaction\`, so \`Propagation.Nested\` ` +
      `cannot be tracked. ${wayOut} \`Propagation.Required\` to join the transaction, or \`Propagation.RequiresNew\` for one of its own.`,
  );
}
