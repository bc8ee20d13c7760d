import { openFrame } from '../../core/frame/open-frame.js';
import { replaceOnClass } from '../replace-on-class.js';
import { statementsOnConnection } from './connection.statements.js';
import { FRAME_NAME, type KyselyCommand, type KyselyTransaction } from './kysely.client.js';
import { KyselyConnection } from './kysely.connection.js';
import { OpenFrames } from './open-frames.js';

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
  let connection: KyselyConnection | undefined;
  const frame = openFrame({
    name: FRAME_NAME,
    tx: () => trx,
    get connection() {
      return connection;
    },
    isStillOpen: () => connection?.isStillOpen() ?? true,
  });
  // Before anything is awaited, so that the rest of the caller's function is in the frame.
  frame.enter();
  try {
    trx = await execute();
    const statements = statementsOnConnection(trx, (sql) => frame.owner.noteStatement(sql));
    connection = KyselyConnection.of(trx, statements);
  } catch (error) {
    frame.leave();
    frame.rollBack();
    throw error;
  }
  return standFor(trx, new OpenFrames(frame));
}

type Statement = (
  open: OpenFrames,
  send: () => Promise<unknown>,
  savepoint: string,
) => Promise<unknown>;

// Frames end once the server has answered: what it has answered before belongs to them. It refuses
// a savepoint that it does not have.
const STATEMENTS: Readonly<Record<string, Statement>> = {
  commit,
  async rollback(open, send) {
    open.leave(0);
    try {
      return await send();
    } finally {
      open.end(0, 'rollBack');
    }
  },
  async savepoint(open, send, name) {
    // Two on their way at the same time are not meant to lie in one another, as they would.
    if (open.isTaking) throw open.root.refuse('take a savepoint');
    open.take(name).enter();
    open.isTaking = true;
    try {
      return await send();
    } finally {
      open.isTaking = false;
    }
  },
  async rollbackToSavepoint(open, send, name) {
    open.leave(open.indexOf(name));
    const answer = await send();
    open.end(open.indexOf(name), 'rollBack');
    // ROLLBACK TO keeps the savepoint itself.
    open.take(name).owner.byStatement();
    return answer;
  },
  async releaseSavepoint(open, send, name) {
    open.leave(open.indexOf(name));
    const answer = await send();
    open.end(open.indexOf(name), 'commit');
    return answer;
  },
};

/** Makes an object, and all that it returns, end the frames of a transaction. */
function standFor<T>(trx: T, open: OpenFrames): T {
  // Some statements return nothing.
  if (typeof trx !== 'object' || trx === null) return trx;
  for (const key of COPIES)
    replaceOwn(
      trx,
      key,
      (copy) =>
        (...args) =>
          standFor(copy(...args), open),
    );
  for (const [key, statement] of Object.entries(STATEMENTS)) {
    replaceOwn(trx, key, (original) => (...args) => {
      const command = original(...args) as KyselyCommand;
      const send = command.execute.bind(command);
      // For a transaction that has ended, Kysely has an error of its own.
      command.execute = async () =>
        standFor(
          open.root.isOpen ? await statement(open, send, args[0] as string) : await send(),
          open,
        );
      return command;
    });
  }
  return trx;
}

type Method = (...args: readonly unknown[]) => unknown;

/** Replaces a method of one object, if it has the method. */
function replaceOwn(object: object, key: string, replace: (original: Method) => Method): void {
  const original: unknown = Reflect.get(object, key);
  if (typeof original !== 'function') return;
  const value = replace(original.bind(object) as Method);
  Object.defineProperty(object, key, { value, writable: true, configurable: true });
}

async function commit(open: OpenFrames, send: () => Promise<unknown>): Promise<void> {
  const frame = open.root;
  open.leave(0);
  // COMMIT releases the savepoints that are open.
  open.end(1, 'commit');
  try {
    await frame.beforeCommit();
    await send();
  } catch (error) {
    if (frame.isOpen) frame.rollBack();
    throw error;
  }
  if (frame.isOpen) await frame.commit();
}
