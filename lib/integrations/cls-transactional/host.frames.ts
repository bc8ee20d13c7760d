import { TransactionHost } from '@nestjs-cls/transactional';
import {
  trackTransactions,
  trackSavepoints,
  type RunInTransaction,
} from '../../core/frame/track-transactions.js';
import { openFrame } from '../../core/frame/open-frame.js';
import {
  type FrameOptions,
  frames,
  type TransactionFrame,
} from '../../core/frame/transaction-frame.js';
import { nextAt } from '../../core/frame/current-frame.js';
import type { ClsFrameOptions } from './cls-transactional.options.js';

/** Host that the plugin makes of an adapter's options. @internal */
export interface Host {
  readonly connectionName?: string | undefined;
}

/** `trackTransactions`, or `trackSavepoints`. */
type Track = (
  transaction: RunInTransaction<unknown[], []>,
  open: () => TransactionFrame,
) => RunInTransaction<unknown[], []>;

/** Work that runs in a transaction. @internal */
export type Work = (...args: unknown[]) => Promise<unknown>;

/** Makes a transaction the host's current one. */
type SetTx<Tx> = (tx?: Tx) => void;

/** Calls an adapter with its other arguments. @internal */
export type Begin<Tx> = (work: Work, setTx: SetTx<Tx>) => Promise<unknown>;

/**
 * Frames of one `TransactionHost`. The host decides on propagation, and calls the adapter only
 * for transactions and savepoints that really begin. A frame is suspended while the host's `tx` is
 * another.
 *
 * @internal
 */
export class HostFrames<Tx> {
  private readonly mine = new WeakSet<TransactionFrame>();
  /**
   * The outer `tx` of each `tx` of a savepoint. Work that a released savepoint left running still
   * finds the inner one, but belongs to the outer one.
   */
  private readonly outerTx = new WeakMap<object, Tx>();
  /** Frames inside a frame that the client tracks itself. */
  private readonly insideClients = new WeakSet<TransactionFrame>();

  constructor(private readonly options: ClsFrameOptions<Tx>) {}

  transaction(host: Host, begin: Begin<Tx>, work: Work, setTx: SetTx<Tx>): Promise<unknown> {
    return this.tracked(host, begin, work, setTx, openFrame, () => setTx(undefined));
  }

  savepoint(host: Host, begin: Begin<Tx>, work: Work, setTx: SetTx<Tx>): Promise<unknown> {
    const around = this.current;
    const open = (options: FrameOptions): TransactionFrame =>
      around?.savepoint(options) ?? openFrame(options);
    // A client that tracks transactions itself refuses savepoints out of order by itself.
    const isAlone = around !== undefined && !this.insideClients.has(around);
    const outer = txOf<Tx>(host);
    const nest: SetTx<Tx> = (tx) => {
      if (isObject(tx) && tx !== outer) this.outerTx.set(tx, outer);
      setTx(tx);
    };
    return this.tracked(
      host,
      begin,
      work,
      nest,
      open,
      undefined,
      isAlone ? trackSavepoints : trackTransactions,
    );
  }

  /**
   * @param ended called at the end, so that an effect that waited for the commit does not find
   * the ended transaction as the current one
   */
  private tracked(
    host: Host,
    begin: Begin<Tx>,
    work: Work,
    setTx: SetTx<Tx>,
    open: (options: FrameOptions) => TransactionFrame,
    ended?: () => void,
    track: Track = trackTransactions,
  ): Promise<unknown> {
    const around = frames.getStore();
    let current: Tx | undefined;
    const isCurrent = (): boolean => this.liesIn(txOf<Tx>(host), current);
    const transaction = async (callback: Work): Promise<unknown> => {
      const value = await begin(
        (...args) => {
          const own = openedInside(around);
          if (own === undefined) return callback(args);
          if (ended !== undefined)
            own.join({ beforeCommit() {}, committed: ended, rolledBack() {} });
          return this.within(own, around, isCurrent, () => work(...args));
        },
        (tx) => {
          current = tx;
          setTx(tx);
        },
      );
      ended?.();
      return value;
    };
    const run = track(transaction as RunInTransaction<unknown[], []>, () => {
      const name = this.options.name ?? host.connectionName ?? 'cls-transactional';
      return this.marked(open({ name, isCurrent, ...this.databaseOf(current) }));
    });
    return run((args) => work(...args));
  }

  /**
   * Opens a frame inside that of a client that tracks transactions itself. The client's frame
   * decides. This one only allows the host to suspend it, so that calls belong to the frame around
   * the transaction again.
   */
  private within(
    own: TransactionFrame,
    around: TransactionFrame | undefined,
    isCurrent: () => boolean,
    work: () => Promise<unknown>,
  ): Promise<unknown> {
    const open = (): TransactionFrame => {
      const frame = this.marked(own.savepoint({ name: own.name, isCurrent }));
      this.insideClients.add(frame);
      return frame;
    };
    return trackTransactions<void, []>(
      (callback) => callback(),
      () => frames.run(around, open),
    )(work);
  }

  private databaseOf(tx: Tx | undefined): Pick<FrameOptions, 'tx' | 'connection' | 'isStillOpen'> {
    if (tx === undefined) return {};
    const { options } = this;
    const connection = options.connection?.(tx);
    return {
      tx: () => tx,
      ...(connection && { connection }),
      ...(options.isStillOpen && { isStillOpen: () => options.isStillOpen!(tx) }),
    };
  }

  /** True if a `tx` of the host is that of a transaction, or of a savepoint in it. */
  private liesIn(tx: Tx | undefined, outer: Tx | undefined): boolean {
    for (let at = tx; at !== outer; at = this.outerTx.get(at)) if (!isObject(at)) return false;
    return true;
  }

  private marked(frame: TransactionFrame): TransactionFrame {
    this.mine.add(frame);
    return frame;
  }

  /** The transaction or savepoint of this host that the caller stands in. */
  private get current(): TransactionFrame | undefined {
    let frame = frames.getStore();
    while (
      frame !== undefined &&
      !(this.mine.has(frame) && frame.fate === 'open' && frame.takesCalls)
    )
      frame = frame.around;
    return frame;
  }
}

function txOf<Tx>({ connectionName }: Host): Tx {
  return TransactionHost.getInstance(connectionName).tx as Tx;
}

/** A client may be a function. */
function isObject(tx: unknown): tx is object {
  return (typeof tx === 'object' && tx !== null) || typeof tx === 'function';
}

/**
 * Returns the frame that a client has opened since the adapter was called, if it tracks
 * transactions itself.
 */
function openedInside(around: TransactionFrame | undefined): TransactionFrame | undefined {
  const innermost = frames.getStore();
  const isNew = innermost !== around && innermost?.next === nextAt(around);
  return isNew && innermost?.fate === 'open' ? innermost : undefined;
}
