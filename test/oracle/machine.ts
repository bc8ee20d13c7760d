import { AsyncLocalStorage } from 'node:async_hooks';
import {
  AirlockError,
  currentScope,
  enqueueWith,
  FrameStateError,
  runInScope,
  type ScopeView,
  withPolicy,
} from 'nestjs-airlock';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { gate } from '../unit/testing/fixtures.js';
import type { Verdict } from './model.js';
import { policyNamed } from './policies.js';
import {
  type Beside,
  type Call,
  firstOf,
  type Frame,
  type FrameEnd,
  type Leftover,
  leftoverAt,
  nameOf,
  type Node,
  reached,
  savepointAt,
  type Step,
} from './program.js';

type Work = (tx: ContractTransaction) => Promise<void>;

/** A transaction or savepoint that is open. */
interface Begun {
  readonly tx: ContractTransaction;
  /** One for all that are on it. */
  readonly connection: object;
  /** The scope that its callback began in. */
  readonly scope: ScopeView | undefined;
  /** Runs something in the context that its callback began in. */
  readonly inContext: <R>(fn: () => R) => R;
}

/** Those around a statement, the outermost first. */
type Around = readonly Begun[];

/** Provokes a deadlock that `tx` loses, and rejects with the error of it. */
export type Deadlock = (tx: ContractTransaction, path: string) => Promise<void>;

/** What a program really came to. */
export interface Run extends Verdict {
  /** Effects that got out and did not find their row. */
  readonly unseen: readonly string[];
  readonly called: number;
}

/** The failure of a program, as it is written in it. */
class ProgramFailure extends Error {}

/**
 * Runs programs on a database, one after the other: each step writes a row and calls an effect that
 * names it.
 */
export class Machine {
  private out: string[] = [];
  private unseen: string[] = [];
  private called = 0;

  private constructor(
    private readonly client: TransactionContractClient,
    private readonly deadlock: Deadlock,
  ) {}

  /** @param deadlock absent where no program has one */
  static async on(
    client: TransactionContractClient,
    table: string,
    deadlock?: Deadlock,
  ): Promise<Machine> {
    await client.query(table);
    return new Machine(
      client,
      deadlock ?? (() => Promise.reject(new Error('No deadlock can be provoked here.'))),
    );
  }

  stop(): Promise<void> {
    return this.client.close();
  }

  async run(program: Node): Promise<Run> {
    this.out = [];
    this.unseen = [];
    this.called = 0;
    const completes = await this.one(program, '0', []).then(() => true, expected);
    const rows = await this.client.query('select name from steps');
    // MySQL returns nothing of what it deletes.
    await this.client.query('delete from steps');
    const { out, unseen, called } = this;
    return {
      completes,
      rows: rows.map(({ name }) => String(name)).toSorted(),
      out: out.toSorted(),
      unseen,
      called,
    };
  }

  private async all(nodes: readonly Node[], path: string, around: Around): Promise<void> {
    for (const [index, node] of nodes.entries()) await this.one(node, `${path}.${index}`, around);
  }

  private async one(node: Node, path: string, around: Around): Promise<void> {
    switch (node.kind) {
      case 'failure':
        throw new ProgramFailure(path);
      case 'swallow':
        return this.all(node.body, path, around).catch((error) => void expected(error));
      case 'parallel':
        return together(
          node.branches.map((branch, index) => this.one(branch, `${path}.${index}`, around)),
        );
      case 'narrowing':
        return withPolicy(policyNamed(node.policy), () => this.all(node.body, path, around));
      case 'scope':
        return runInScope({ name: path, policy: policyNamed(node.policy) }, () =>
          this.all(node.body, path, around),
        );
      case 'step':
        return this.stepIn(node, nameOf(node, path), around);
      case 'transaction':
      case 'savepoint':
        return this.frame(node, path, around);
      case 'beside':
        return this.beside(node, path, around);
    }
  }

  private stepIn(step: Step, name: string, around: Around): Promise<void> {
    const here = around.at(-1)?.tx ?? this.client;
    const outer = reached(step, around);
    if (outer === undefined) return this.step(step, name, here);
    const where = step.by === 'context' ? here : outer.tx;
    if (step.by === 'handle') return this.step(step, name, where);
    return outer.inContext(() => this.step(step, name, where));
  }

  private beside({ savepoint, body }: Beside, path: string, around: Around): Promise<void> {
    const begun = gate();
    const done = gate();
    const inSavepoint = this.frame(savepoint, savepointAt(path), around, () => {
      begun.open();
      return done.opened;
    });
    const meanwhile = begun.opened
      .then(() => this.all(body, path, around))
      .finally(() => done.open());
    return together([inSavepoint.finally(() => begun.open()), meanwhile]);
  }

  private async step(
    { on, survives }: Call,
    name: string,
    where: Pick<ContractTransaction, 'query'>,
  ): Promise<void> {
    await where.query(`insert into steps (name) values ('${name}')`);
    enqueueWith({ name, on, survivesRollback: survives }, survives ? this.told : this.found, name);
    this.called++;
  }

  private async frame(
    frame: Frame,
    path: string,
    around: Around,
    meanwhile = async (): Promise<void> => {},
  ): Promise<void> {
    const { body, end, leftovers } = frame;
    const outer = frame.kind === 'savepoint' ? around.at(-1)! : undefined;
    const begin = (work: Work): Promise<void> =>
      outer === undefined ? this.client.transaction(work) : outer.tx.savepoint!(work);
    let open = (): void => {};
    const ended = new Promise<void>((resolve) => (open = resolve));
    let left: Promise<void>[] = [];
    try {
      await begin(async (tx) => {
        left = leftovers.map((leftover, index) =>
          this.outlive(ended, leftover, leftoverAt(path, index)),
        );
        const connection = outer?.connection ?? {};
        const begun = {
          tx,
          connection,
          scope: currentScope(),
          inContext: AsyncLocalStorage.snapshot(),
        };
        await meanwhile();
        await this.all(body, path, [...around, begun]);
        await this.spoil(end, path, tx);
      });
    } catch (error) {
      // What TypeORM counts of a savepoint that a deadlock has taken away keeps its transaction
      // from being committed.
      const isRefused = end === 'deadlocks in a savepoint' && error instanceof FrameStateError;
      throw isRefused ? new ProgramFailure(path) : error;
    } finally {
      open();
      await Promise.all(left);
    }
    // Some clients resolve although the server has rolled back.
    if (end !== 'commits') throw new ProgramFailure(path);
  }

  private async outlive(
    ended: Promise<void>,
    { does, call }: Leftover,
    path: string,
  ): Promise<void> {
    if (does === 'calls in a scope') {
      return runInScope(async () => {
        this.call(call, firstOf(path));
        await ended;
        this.call(call, path);
      });
    }
    await ended;
    if (does === 'calls') return this.call(call, path);
    if (does === 'opens a scope') return runInScope(() => this.call(call, path));
    await this.client.transaction((tx) => this.step(call, nameOf(call, path), tx));
  }

  /** Calls an effect without a row. */
  private call(call: Call, path: string): void {
    const name = nameOf(call, path);
    enqueueWith({ name, on: call.on, survivesRollback: call.survives }, this.told, name);
    this.called++;
  }

  private async spoil(end: FrameEnd, path: string, tx: ContractTransaction): Promise<void> {
    if (end === 'breaks') await tx.query('select nothing');
    if (end === 'is aborted') await tx.query('select nothing').catch(() => {});
    if (end === 'deadlocks') await swallowed(this.deadlock(tx, path));
    if (end === 'deadlocks in a savepoint')
      await swallowed(tx.savepoint!((inner) => this.deadlock(inner, path)));
    if (end === 'cannot commit')
      await tx.query(`insert into steps (name, needs) values ('${path}', 'nothing')`);
  }

  private readonly told = (name: string): void => void this.out.push(name);

  private readonly found = async (name: string): Promise<void> => {
    this.out.push(name);
    const rows = await this.client.query(`select name from steps where name = '${name}'`);
    if (rows.length === 0) this.unseen.push(name);
  };
}

/**
 * Errors of the program and of the database belong to it; those of Airlock do not. @returns false:
 * it did not complete
 */
function expected(error: unknown): false {
  if (error instanceof AirlockError) throw error;
  return false;
}

/** Goes on after an error, which there has to be. */
async function swallowed(failing: Promise<unknown>): Promise<void> {
  const failed = await failing.then(
    () => false,
    (error: unknown) => !expected(error),
  );
  if (!failed) throw new Error('The deadlock hit the other transaction.');
}

/** Waits for all: what is left running would outlive its transaction. */
async function together(branches: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(branches);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
