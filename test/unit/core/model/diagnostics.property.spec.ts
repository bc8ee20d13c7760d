import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import {
  type AirlockMessage,
  type EffectScope,
  type EffectTrigger,
  enqueueWith,
  type Executor,
  InProcessExecutor,
  type Intent,
  openFrame,
  openScope,
  type Policy,
  runInScope,
  type TransactionFrame,
  withPolicy,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { Attempt } from '../../../../lib/core/scope/attempt.js';
import type { Answer } from '../../../../lib/core/scope/pending-work.js';

/** The same numbers for the same seed (mulberry32). */
class Dice {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** True once in `n`. */
  once(n: number): boolean {
    return this.next() < 1 / n;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  of<T>(...these: readonly T[]): T {
    return these[this.below(these.length)]!;
  }
}

/** What the channels tell of each intent, by its id. */
class Ledger {
  readonly begun = new Map<string, string>();
  readonly ends = new Map<string, string[]>();
  private readonly listeners = (['enqueue', 'dispatch', 'drop', 'fail'] as const).map((kind) => {
    const note = (message: unknown): void => this.note(kind, message as AirlockMessage);
    subscribe(`airlock:${kind}`, note);
    return () => unsubscribe(`airlock:${kind}`, note);
  });

  close(): void {
    for (const stop of this.listeners) stop();
  }

  /** Every intent whose ends are not exactly one. */
  get wrong(): readonly string[] {
    const told = [...this.begun].map(([id, name]) => [name, this.ends.get(id) ?? []] as const);
    const unbegun = [...this.ends].filter(([id, ends]) => !this.begun.has(id) && ends.length > 1);
    return [
      ...told
        .filter(([, ends]) => ends.length !== 1)
        .map(([name, ends]) => `${name}: ${ends.join(' and ') || 'no end'}`),
      ...unbegun.map(([id, ends]) => `${id}, never begun: ${ends.join(' and ')}`),
    ];
  }

  private note(
    kind: 'enqueue' | 'dispatch' | 'drop' | 'fail',
    { intent, reason }: AirlockMessage,
  ): void {
    const { id, name } = intent!;
    if (kind === 'enqueue') this.begun.set(id, name);
    else
      this.ends.set(id, [
        ...(this.ends.get(id) ?? []),
        reason === undefined ? kind : `${kind} (${reason})`,
      ]);
  }
}

/** One program of scopes, transactions, policies and effects, made of dice. */
class Program {
  private readonly left: Promise<unknown>[] = [];
  private readonly policies: readonly Policy[];
  private readonly runtime: AirlockRuntime;
  private calls = 0;

  constructor(private readonly dice: Dice) {
    this.policies = [
      { allows: () => !dice.once(3) },
      { allows: async () => (await setImmediate(), !dice.once(3)) },
      { allows: () => this.fail(3) === undefined },
      { onEnqueue: () => this.fail(3) },
    ];
    const run = async ({ effect, args }: Intent): Promise<void> => void (await effect(...args));
    const batch: Executor = {
      execute: run,
      executeBatch: async (intents) => {
        await setImmediate();
        this.fail(6);
        const results = intents.map((intent) => ({
          intent,
          ...(dice.once(5) && { error: new Error('one') }),
        }));
        return dice.once(6) ? results.slice(1) : results;
      },
    };
    this.runtime = new AirlockRuntime({
      executors: {
        batch,
        wide: new InProcessExecutor({ concurrency: 3 }),
        written: { transactional: true, execute: () => this.fail(5) },
        'written-slowly': {
          transactional: true,
          execute: async () => (await setImmediate(), this.fail(5)),
        },
      },
      ...(dice.once(3) && { executor: batch }),
      lateCalls: dice.of('report', 'throw', 'follow'),
      outsideScope: dice.of('report', 'dispatch', 'drop'),
      onCancel: dice.of('discard', 'flush'),
      maxEffectsPerScope: dice.of(100_000, 100_000, 4),
      maxCascadeDepth: 2,
      effectTimeoutMs: dice.of(30_000, 3),
      logError: () => {},
      warn: () => {},
    });
  }

  async run(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      await this.quietly(async () =>
        this.runtime.run(this.options(), async (scope) => this.work(scope, 0)),
      );
    }
    if (this.dice.once(2)) await this.runtime.shutdown(50);
    while (this.left.length > 0) await Promise.all(this.left.splice(0));
    await this.runtime.shutdown(1_000);
  }

  private options(): object {
    const { dice } = this;
    return {
      ...(dice.once(3) && { policy: dice.of(...this.policies) }),
      ...(dice.once(4) && { executor: dice.of('batch', 'wide', 'in-process') }),
      ...(dice.once(4) && { dispatchMode: 'failFast' }),
      ...(dice.once(5) && { shouldFlush: () => (this.fail(4), dice.once(2)) }),
      ...(dice.once(5) && {
        beforeDescendantFlushes: (_: unknown, intents: readonly Intent[]) => this.some(intents),
      }),
    };
  }

  private some(intents: readonly Intent[]): readonly Intent[] {
    this.fail(6);
    return this.dice.once(6) ? [...intents, ...intents] : intents.filter(() => this.dice.once(2));
  }

  private async work(scope: EffectScope | undefined, depth: number): Promise<void> {
    const { dice } = this;
    for (let steps = 1 + dice.below(5); steps > 0; steps--) await this.step(scope, depth);
    this.fail(6);
  }

  private async step(scope: EffectScope | undefined, depth: number): Promise<void> {
    const { dice } = this;
    const inner = (): Promise<void> =>
      depth < 3 ? this.work(undefined, depth + 1) : setImmediate();
    const deeds: readonly (() => unknown)[] = [
      () => this.call(depth),
      () => this.call(depth),
      () => this.call(depth),
      () => setImmediate(),
      () => runInScope(this.options(), inner),
      () => withPolicy(dice.of(...this.policies), inner),
      () => this.transaction(inner),
      () => this.byHand(inner),
      () => this.leaveBehind(inner),
      () => this.again(inner),
      () => (dice.once(2) ? scope?.checkpoint() : undefined),
    ];
    await this.quietly(async () => dice.of(...deeds)());
  }

  private call(depth: number): void {
    const { dice } = this;
    const isWritten = dice.once(6);
    const options = {
      name: `call ${this.calls++}`,
      on: dice.of<EffectTrigger>('success', 'success', 'failure', 'always'),
      ...(dice.once(3) && { dedupeKey: dice.of('a', 'b') }),
      ...(dice.once(5) && { survivesRollback: true }),
      ...(dice.once(6) && { policy: dice.of(...this.policies) }),
      ...(dice.once(8) && { dispatch: 'afterResponse' as const }),
      ...(isWritten
        ? { executor: dice.of('written', 'written-slowly') }
        : dice.once(5) && { executor: dice.of('batch', 'wide') }),
    };
    enqueueWith(options, dice.of<(n: number) => unknown>(once, this.effect), depth);
  }

  /** One under whose key other calls of it come. */
  private readonly effect = async (depth: number): Promise<void> => {
    const { dice } = this;
    if (depth < 4 && dice.once(2)) await this.quietly(() => this.call(depth + 1));
    if (dice.once(3)) await setImmediate();
    if (dice.once(8)) await new Promise((resolve) => setTimeout(resolve, 6));
    if (depth < 4 && dice.once(4)) await this.quietly(() => runInScope(() => this.call(depth + 1)));
    this.fail(4);
  };

  private async transaction(work: () => Promise<void>, around?: TransactionFrame): Promise<void> {
    const { dice } = this;
    const frame = around === undefined ? openFrame() : around.savepoint();
    const end = async (isRight: boolean): Promise<void> => {
      if (isRight) {
        await frame.beforeCommit();
        await frame.commit();
      } else frame.rollBack();
    };
    try {
      await frame.run(async () => {
        await work();
        if (around === undefined && dice.once(2))
          await this.quietly(async () => this.transaction(work, frame));
      });
      await end(!dice.once(3));
    } catch (error) {
      if (frame.state === 'open') frame.rollBack();
      throw error;
    }
  }

  /** A scope that is ended in any way, perhaps after those around it. */
  private async byHand(work: () => Promise<void>): Promise<void> {
    const { dice } = this;
    const scope = openScope(this.options());
    if (dice.once(3)) scope.answeredBy(this.answer());
    const end = async (): Promise<void> => {
      await this.quietly(async () => scope.run(work));
      const how = dice.below(4);
      if (how < 2) await scope.end(dice.of('completed', 'failed', 'cancelled'));
      else {
        scope.close();
        await (how === 2 ? scope.flush() : scope.discard());
      }
    };
    if (dice.once(3)) this.left.push(this.quietly(async () => (await later(), end())));
    else await end();
  }

  /** One that is given some time later. */
  private answer(): Answer {
    let isGiven = false;
    const given = later().then(() => void (isGiven = true));
    return {
      get isGiven() {
        return isGiven;
      },
      onceGiven: (fn) => void this.left.push(given.then(fn)),
    };
  }

  private leaveBehind(work: () => Promise<void>): void {
    this.left.push(this.quietly(async () => (await later(), work())));
  }

  /** A handler that fails once, and is invoked again. */
  private async again(work: () => Promise<void>): Promise<void> {
    const attempt = new Attempt(this.runtime.context, this.runtime.context.attempt);
    await this.quietly(async () => attempt.run(work));
    attempt.abandon();
    await work();
  }

  private fail(n: number): void {
    if (this.dice.once(n)) throw new Error('thrown');
  }

  private async quietly(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch {
      // Whatever is refused or thrown, what was said of each intent must be right.
    }
  }
}

function once(): void {}

async function later(): Promise<void> {
  for (let i = 0; i < 12; i++) await setImmediate();
}

describe('when programs of all kinds have run to their end', () => {
  const PROGRAMS = 250;

  it.each(Array.from({ length: 10 }, (_, i) => i))(
    'has told exactly one end of each intent: lot %d',
    async (lot) => {
      let told = 0;
      for (let i = 0; i < PROGRAMS / 10; i++) {
        const seed = lot * PROGRAMS + i;
        const ledger = new Ledger();
        try {
          await new Program(new Dice(seed)).run();
          expect({ seed, wrong: ledger.wrong }).toEqual({ seed, wrong: [] });
          told += ledger.begun.size;
        } finally {
          ledger.close();
        }
      }
      expect(told).toBeGreaterThan(100);
    },
    60_000,
  );
});
