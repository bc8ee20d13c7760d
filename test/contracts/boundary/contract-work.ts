import { finalize, isObservable, Observable } from 'rxjs';
import { isThenable } from '../../core/results/completion.js';
import type { AirlockService } from '../../nest/services/airlock.service.js';
import type { EffectBuffer } from '../../nest/services/effect-buffer.js';
import type { ContractDeed, ContractPayload } from '../boundary-contract.js';
import type { Task } from './task.js';
import { turn } from './until.js';
import type { Witness } from './witness.js';

/** The names of effects that policies of the suite tell apart. @internal */
export const NAMED = ['by method', 'by class', 'by boundary', 'by application', 'by nobody'] as const;

/**
 * The work of the declared classes: calls effects, and ends in the way that it is asked for.
 *
 * @publicApi
 */
export class ContractWork {
  readonly #witness: Witness;
  readonly #effects: EffectBuffer;
  readonly #airlock: AirlockService;

  /** @internal Provided by `describeBoundaryContract`. */
  constructor(witness: Witness, effects: EffectBuffer, airlock: AirlockService) {
    this.#witness = witness;
    this.#effects = effects;
    this.#airlock = airlock;
  }

  /** To be returned by the handler as it is. */
  do({ id, deed }: ContractPayload): unknown {
    const task = this.#witness.begins(id);
    let result: unknown;
    try {
      result = this.#deeds[deed](task);
    } catch (error) {
      task.end();
      throw error;
    }
    if (isObservable(result)) return result.pipe(finalize(() => task.end()));
    if (isThenable(result)) return endingWith(task, result);
    task.end();
    return result;
  }

  readonly #deeds: Readonly<Record<ContractDeed, (task: Task) => unknown>> = {
    return: (task) => {
      this.#all(task);
      return 'returned';
    },
    resolve: async (task) => {
      await turn();
      this.#all(task);
      await turn();
      return 'resolved';
    },
    throw: (task) => {
      this.#all(task);
      throw new Refusal();
    },
    reject: async (task) => {
      await turn();
      this.#all(task);
      throw new Refusal();
    },
    stream: (task) => this.#stream(task, (end) => end.complete()),
    'break off': (task) => this.#stream(task, (end) => end.error(new Refusal())),
    'stream on': (task) => this.#stream(task, () => task.isUnderway()),
    look: () => 'looked',
    'name effects': async (task) => {
      for (const name of NAMED) this.#effect(task, name);
      await turn();
      return 'named';
    },
    wait: async (task) => {
      this.#all(task);
      task.isUnderway();
      await task.gate;
      this.#effect(task, 'late');
      return 'waited';
    },
    'take turns': async (task) => {
      for (const name of ['first', 'second', 'third']) {
        this.#effect(task, name);
        await turn();
      }
      task.saw.push(...this.#effects.intents.map(({ name, args }) => `${name} of ${String(args[0])}`));
      return 'took turns';
    },
    'take turns and reject': async (task) => {
      await this.#deeds['take turns'](task);
      throw new Refusal();
    },
    'forget an await': async (task) => {
      this.#all(task);
      void task.gate.then(() => task.try(() => this.#effect(task, 'late')));
      await turn();
      return 'forgot';
    },
    nest: async (task) => {
      this.#effect(task, 'before');
      await this.#airlock.run(async () => {
        this.#effect(task, 'inside');
        await turn();
      });
      await this.#airlock
        .run(async () => {
          this.#effect(task, 'lost');
          await turn();
          throw new Refusal();
        })
        .catch(() => undefined);
      this.#effect(task, 'after');
      return 'nested';
    },
    'nest and reject': async (task) => {
      await this.#deeds.nest(task);
      throw new Refusal();
    },
    'leave a scope behind': async (task) => {
      void this.#airlock.run({ name: 'left behind' }, async () => {
        task.outlives();
        this.#effect(task, 'early');
        await task.gate;
        this.#effect(task, 'late');
      });
      await turn();
      return 'left';
    },
    'leave a scope behind and reject': async (task) => {
      await this.#deeds['leave a scope behind'](task);
      throw new Refusal();
    },
    'call a broken effect': async (task) => {
      this.#effect(task, 'before');
      this.#effects.enqueueWith(
        { name: 'broken' },
        (_id: string) => Promise.reject(new Error('the line is dead')),
        task.id,
      );
      this.#effect(task, 'after');
      await turn();
      return 'called';
    },
    cascade: async (task) => {
      this.#effects.enqueueWith(
        { name: 'cause' },
        async (_id: string) => {
          await turn();
          task.out.push(`cause, which sees ${this.#effects.intents.length}`);
          this.#effect(task, 'consequence');
        },
        task.id,
      );
      await turn();
      return 'cascaded';
    },
  };

  #all(task: Task): void {
    for (const on of ['success', 'failure', 'always'] as const)
      this.#effects.enqueueWith({ name: on, on }, task.tell, task.id, on);
  }

  #effect(task: Task, name: string): void {
    this.#effects.enqueueWith({ name }, task.tell, task.id, name);
  }

  #stream(
    task: Task,
    end: (subscriber: { complete(): void; error(error: unknown): void }) => void,
  ): Observable<unknown> {
    this.#effect(task, 'at the call');
    return new Observable((subscriber) => {
      this.#all(task);
      subscriber.next('one');
      void turn().then(() => {
        if (subscriber.closed) return;
        this.#effect(task, 'midway');
        subscriber.next('two');
        end(subscriber);
      });
    });
  }
}

/** What handlers fail with. @internal */
export class Refusal extends Error {
  constructor() {
    super('refused on purpose');
  }
}

async function endingWith(task: Task, work: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await work;
  } finally {
    task.end();
  }
}
