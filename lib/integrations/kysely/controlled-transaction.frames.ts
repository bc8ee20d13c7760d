import { openFrame } from '../../core/transaction-frame.js';
import { replaceOnClass } from '../replace-on-class.js';
import { databaseOf } from './database.js';
import { FRAME_NAME, type KyselyCommand, type KyselyTransaction } from './kysely.client.js';
import { OpenFrames } from './open-frames.js';

/** For each object that stands for a controlled transaction. */
const opened = new WeakMap<object, OpenFrames>();

/** Classes whose statements are watched. */
const watched = new WeakSet<object>();

/** What returns another object for the same transaction. */
const COPIES = ['withPlugin', 'withoutPlugins', 'withSchema', 'withTables'];

/**
 * Makes what a `ControlledTransactionBuilder` begins keep frames.
 *
 * @param builder its prototype
 * @returns ends it
 * @internal
 */
export function keepControlledTransactions(builder: object): () => void {
  return replaceOnClass(
    builder,
    'execute',
    (execute) =>
      function (this: object) {
        return begin(() => execute.call(this) as Promise<KyselyTransaction>);
      },
  );
}

async function begin(execute: () => Promise<KyselyTransaction>): Promise<KyselyTransaction> {
  let trx: KyselyTransaction | undefined;
  const database = () => trx && databaseOf(trx);
  const frame = openFrame({
    name: FRAME_NAME,
    tx: () => trx,
    get connection() {
      return database()?.connection;
    },
    isStillOpen: async () => database()?.isStillOpen?.() ?? true,
  });
  // Before anything is awaited: the rest of the caller's function is to stand in it.
  frame.enter();
  try {
    trx = await execute();
  } catch (error) {
    frame.leave();
    frame.rollBack();
    throw error;
  }
  watchStatements(Object.getPrototypeOf(trx) as object);
  opened.set(trx, new OpenFrames(frame));
  return trx;
}

function watchStatements(prototype: object): void {
  if (watched.has(prototype)) return;
  watched.add(prototype);
  watch(prototype, 'commit', commit);
  watch(prototype, 'rollback', (open, send) => {
    open.end(0, 'rollBack');
    return send();
  });
  watch(prototype, 'savepoint', takeSavepoint);
  watch(prototype, 'rollbackToSavepoint', (open, send, name) => {
    open.end(open.indexOf(name), 'rollBack');
    // The savepoint itself stays.
    return takeSavepoint(open, send, name);
  });
  watch(prototype, 'releaseSavepoint', (open, send, name) => {
    open.end(open.indexOf(name), 'commit');
    return send();
  });
  for (const key of COPIES) {
    replaceOnClass(
      prototype,
      key,
      (original) =>
        function (this: object, ...args) {
          return standFor(original.apply(this, args) as object, opened.get(this));
        },
    );
  }
}

type Statement = (open: OpenFrames, send: () => Promise<unknown>, savepoint: string) => Promise<unknown>;

/** Carries a statement out when its command is executed; the transactions of others stay as they are. */
function watch(prototype: object, key: string, statement: Statement): void {
  replaceOnClass(
    prototype,
    key,
    (original) =>
      function (this: object, ...args) {
        const command = original.apply(this, args) as KyselyCommand;
        const open = opened.get(this);
        if (open === undefined) return command;
        const send = command.execute.bind(command);
        command.execute = async () => standFor(await statement(open, send, args[0] as string), open);
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
    frame.rollBack();
    throw error;
  }
  if (frame.state !== 'rolledBack') await frame.commit();
}

async function takeSavepoint(open: OpenFrames, send: () => Promise<unknown>, savepoint: string): Promise<unknown> {
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
