import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { isThenable } from '../../core/results/completion.js';
import { TrackedTransaction } from './tracked-transaction.js';
import type { KnexContext, KnexPromise, KnexTransaction } from './knex.client.js';

type Handler = (trx: KnexTransaction) => unknown;
type Begin = (handler: Handler, config?: object) => KnexPromise;

/**
 * Begins transactions on one instance of Knex, or savepoints on one transaction, each with its
 * frame, in every style that Knex has.
 *
 * @internal
 */
export class TrackedBeginning {
  /**
   * @param transaction of Knex
   * @param track makes what tracks a transaction that is about to begin
   */
  constructor(
    private readonly transaction: Begin,
    private readonly track: () => TrackedTransaction,
  ) {}

  /** `knex.transaction(…)`, with its arguments in whichever order. */
  begin(handler?: Handler | object | null, config?: object): PromiseLike<unknown> {
    if (typeof handler === 'function') return this.with(handler as Handler, config);
    return this.byHand(config ?? handler ?? undefined);
  }

  /**
   * `knex.transactionProvider(…)`: every function that calls the provider is in the transaction
   * from then on.
   */
  provider(config?: object): () => PromiseLike<unknown> {
    let tracked: TrackedTransaction | undefined;
    let trx: Promise<unknown>;
    return () => {
      if (tracked === undefined) return (trx = this.byHand(config, (first) => (tracked = first)));
      tracked.enter();
      return trx;
    };
  }

  private byHand(
    config: object | undefined,
    opened?: (tracked: TrackedTransaction) => void,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.with(resolve, config, opened).then(undefined, reject);
    });
  }

  private with(
    handler: Handler,
    config: object | undefined,
    opened?: (tracked: TrackedTransaction) => void,
  ): PromiseLike<unknown> {
    const tracked = this.track();
    opened?.(tracked);
    try {
      if (handsOut(handler)) tracked.enter();
    } catch (error) {
      // A savepoint out of order is refused by a rejection, as Knex refuses.
      return Promise.reject(error as Error);
    }
    return this.start(tracked, handler, config);
  }

  private start(
    tracked: TrackedTransaction,
    handler: Handler,
    config: object | undefined,
  ): KnexPromise {
    const inFrame: Handler = (trx) => {
      const { frame } = tracked;
      tracked.adopt(trx);
      trackContext(trx.context, () => TrackedTransaction.savepointIn(frame));
      trx.on('query', ({ sql }) => frame.root.owner.noteStatement(sql));
      const returned = frame.run(() => handler(trx));
      if (!isThenable(returned)) tracked.handOut();
      return returned;
    };
    const running = this.transaction(
      Object.defineProperty(inFrame, TRACKS_TRANSACTIONS, { value: true }),
      config,
    );
    const settled = tracked.settleWith(running);
    // The object remains the one of Knex, which emits query events.
    return Object.assign(running, {
      then: settled.then.bind(settled),
      catch: settled.catch.bind(settled),
      finally: settled.finally.bind(settled),
    });
  }
}

/**
 * Tracks whatever an instance begins: its functions, and those of Knex, call the functions of its
 * context.
 * @internal
 */
export function trackContext(context: KnexContext, track: () => TrackedTransaction): void {
  if (TRACKS_TRANSACTIONS in context) return;
  const beginning = new TrackedBeginning(context.transaction.bind(context), track);
  const withUserParams = context.withUserParams.bind(context);
  Object.assign(context, {
    transaction: beginning.begin.bind(beginning),
    transactionProvider: beginning.provider.bind(beginning),
    withUserParams: (params: object) => {
      const copy = withUserParams(params);
      trackContext(copy.context, track);
      return copy;
    },
  });
  Object.defineProperty(context, TRACKS_TRANSACTIONS, { value: true });
}

/**
 * True for a handler that only resolves a promise: the code that awaits the promise ends the
 * transaction by hand. Such handlers are native functions without a name.
 */
function handsOut(handler: Handler): boolean {
  return (
    handler.name === '' && Function.prototype.toString.call(handler).endsWith('{ [native code] }')
  );
}
