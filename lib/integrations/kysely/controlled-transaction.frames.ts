import { openFrame } from '../../core/frame/transaction-frame.js';
import { replaceOnClass } from '../replace-on-class.js';
import { databaseOf } from './database.js';
import { FRAME_NAME, type KyselyCommand, type KyselyTransaction } from './kysely.client.js';
import { OpenFrames } from './open-frames.js';

/** Frames by each object that stands for a controlled transaction. */
const opened = new WeakMap<object, OpenFrames>();

/**
 * Watches over the classes of transactions by the class of the builders that begin them, while
 * somebody wants it.
 */
const watched = new WeakMap<object, Watched>();

interface Watched {
  readonly ends: Map<object, readonly (() => void)[]>;
  times: number;
}

/** Methods that return another object for the same transaction, each in some version of Kysely. */
const COPIES = [
  'withPlugin',
  'withoutPlugins',
  'withSchema',
  'withTables',
  '$extendTables',
  '$omitTables',
  '$pickTables',
];

/**
 * Makes what a `ControlledTransactionBuilder` begins track transactions.
 *
 * @param builder its prototype
 * @returns ends it
 * @internal
 */
export function trackControlledTransactions(builder: object): () => void {
  const watch = watched.get(builder) ?? {
    ends: new Map<object, readonly (() => void)[]>(),
    times: 0,
  };
  watched.set(builder, watch);
  watch.times++;
  const end = replaceOnClass(
    builder,
    'execute',
    (execute) =>
      function (this: object) {
        return begin(() => execute.call(this) as Promise<KyselyTransaction>, watch);
      },
  );
  let isWanted = true;
  return () => {
    end();
    if (isWanted) watch.times--;
    isWanted = false;
    if (watch.times > 0) return;
    for (const endOfClass of [...watch.ends.values()].flat()) endOfClass();
    watch.ends.clear();
  };
}

async function begin(
  execute: () => Promise<KyselyTransaction>,
  watch: Watched,
): Promise<KyselyTransaction> {
  let trx: KyselyTransaction | undefined;
  let database: ReturnType<typeof databaseOf> | undefined;
  const frame = openFrame({
    name: FRAME_NAME,
    tx: () => trx,
    get connection() {
      return database?.connection;
    },
    isStillOpen: async () => (await database?.isStillOpen?.()) ?? true,
  });
  // Before anything is awaited: the rest of the caller's function is to stand in it.
  frame.enter();
  try {
    trx = await execute();
    database = databaseOf(trx);
  } catch (error) {
    frame.leave();
    frame.rollBack();
    throw error;
  }
  const prototype = Object.getPrototypeOf(trx) as object;
  if (watch.times > 0 && !watch.ends.has(prototype))
    watch.ends.set(prototype, watchStatements(prototype));
  opened.set(trx, new OpenFrames(frame));
  return trx;
}

function watchStatements(prototype: object): readonly (() => void)[] {
  const statements: Record<string, Statement> = {
    commit,
    rollback(open, send) {
      open.end(0, 'rollBack');
      return send();
    },
    savepoint: takeSavepoint,
    rollbackToSavepoint(open, send, name) {
      open.end(open.indexOf(name), 'rollBack');
      // The savepoint itself stays.
      return takeSavepoint(open, send, name);
    },
    releaseSavepoint(open, send, name) {
      open.end(open.indexOf(name), 'commit');
      return send();
    },
  };
  return [
    ...Object.entries(statements).map(([key, statement]) =>
      watchStatement(prototype, key, statement),
    ),
    ...COPIES.filter((key) => key in prototype).map((key) => watchCopies(prototype, key)),
  ];
}

function watchCopies(prototype: object, key: string): () => void {
  return replaceOnClass(
    prototype,
    key,
    (original) =>
      function (this: object, ...args) {
        return standFor(original.apply(this, args) as object, opened.get(this));
      },
  );
}

type Statement = (
  open: OpenFrames,
  send: () => Promise<unknown>,
  savepoint: string,
) => Promise<unknown>;

/**
 * Carries a statement out when its command is executed; the transactions of others stay as they
 * are.
 */
function watchStatement(prototype: object, key: string, statement: Statement): () => void {
  return replaceOnClass(
    prototype,
    key,
    (original) =>
      function (this: object, ...args) {
        const command = original.apply(this, args) as KyselyCommand;
        const open = opened.get(this);
        if (open === undefined) return command;
        const send = command.execute.bind(command);
        // Of one that has ended Kysely has an error of its own.
        command.execute = async () =>
          standFor(
            open.root.isOpen ? await statement(open, send, args[0] as string) : await send(),
            open,
          );
        return command;
      },
  );
}

async function commit(open: OpenFrames, send: () => Promise<unknown>): Promise<void> {
  const frame = open.root;
  // COMMIT releases what is open in it.
  open.end(1, 'commit');
  frame.leave();
  try {
    await frame.beforeCommit();
    await send();
  } catch (error) {
    if (frame.isOpen) frame.rollBack();
    throw error;
  }
  if (frame.isOpen) await frame.commit();
}

async function takeSavepoint(
  open: OpenFrames,
  send: () => Promise<unknown>,
  savepoint: string,
): Promise<unknown> {
  // The caller stands in the one that is on its way already, where it takes both in one go.
  if (open.isTaking) throw open.root.lose('take a savepoint');
  const frame = open.innermost.savepoint();
  frame.enter();
  open.list.push({ frame, savepoint });
  open.isTaking = true;
  try {
    return await send();
  } finally {
    open.isTaking = false;
  }
}

function standFor<T>(trx: T, open: OpenFrames | undefined): T {
  if (open !== undefined && typeof trx === 'object' && trx !== null) opened.set(trx, open);
  return trx;
}
