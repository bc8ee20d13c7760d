import { finalize, isObservable, Observable } from 'rxjs';
import { isThenable } from '../../../lib/core/results/completion.js';
import type { AirlockService } from '../../../lib/nest/services/airlock.service.js';
import type { EffectBuffer } from '../../../lib/nest/services/effect-buffer.js';
import type { ContractAction, ContractPayload } from './boundary-contract.js';
import type { CallRecord } from './call-record.js';
import { ExpectedError } from '../../../lib/testing/contracts/expected-error.js';
import { turn } from './wait-for.js';
import type { CallRecords } from './call-records.js';

/** Names of effects that policies of the suite tell apart. */
export const NAMED = [
  'by method',
  'by class',
  'by boundary',
  'by application',
  'by nobody',
] as const;

/** Work of the declared classes: calls effects, and ends as the action says. */
export class ContractWork {
  readonly #records: CallRecords;
  readonly #effects: EffectBuffer;
  readonly #airlock: AirlockService;

  /** Provided by `describeBoundaryContract`. */
  constructor(records: CallRecords, effects: EffectBuffer, airlock: AirlockService) {
    this.#records = records;
    this.#effects = effects;
    this.#airlock = airlock;
  }

  /** Does the work. The handler returns its result as it is. */
  do({ id, action }: ContractPayload): unknown {
    const call = this.#records.begins(id);
    let result: unknown;
    try {
      result = this.#actions[action](call);
    } catch (error) {
      call.end();
      throw error;
    }
    if (isObservable(result)) return result.pipe(finalize(() => call.end()));
    if (isThenable(result)) return endingWith(call, result);
    call.end();
    return result;
  }

  readonly #actions: Readonly<Record<ContractAction, (call: CallRecord) => unknown>> = {
    return: (call) => {
      this.#all(call);
      return 'returned';
    },
    resolve: async (call) => {
      await turn();
      this.#all(call);
      await turn();
      return 'resolved';
    },
    throw: (call) => {
      this.#all(call);
      throw new ExpectedError();
    },
    reject: async (call) => {
      await turn();
      this.#all(call);
      throw new ExpectedError();
    },
    stream: (call) => this.#stream(call, (end) => end.complete()),
    'break off': (call) => this.#stream(call, (end) => end.error(new ExpectedError())),
    'stream on': (call) => this.#stream(call, () => call.isUnderway()),
    look: () => 'looked',
    'name effects': async (call) => {
      for (const name of NAMED) this.#effect(call, name);
      await turn();
      return 'named';
    },
    wait: async (call) => {
      this.#all(call);
      call.isUnderway();
      await call.gate;
      this.#effect(call, 'late');
      return 'waited';
    },
    'take turns': async (call) => {
      for (const name of ['first', 'second', 'third']) {
        this.#effect(call, name);
        await turn();
      }
      call.saw.push(
        ...this.#effects.intents.map(({ name, args }) => `${name} of ${String(args[0])}`),
      );
      return 'took turns';
    },
    'take turns and reject': async (call) => {
      await this.#actions['take turns'](call);
      throw new ExpectedError();
    },
    'forget an await': async (call) => {
      this.#all(call);
      void call.gate.then(() => call.try(() => this.#effect(call, 'late')));
      await turn();
      return 'forgot';
    },
    nest: async (call) => {
      this.#effect(call, 'before');
      await this.#airlock.run(async () => {
        this.#effect(call, 'inside');
        await turn();
      });
      await this.#airlock
        .run(async () => {
          this.#effect(call, 'lost');
          await turn();
          throw new ExpectedError();
        })
        .catch(() => undefined);
      this.#effect(call, 'after');
      return 'nested';
    },
    'nest and reject': async (call) => {
      await this.#actions.nest(call);
      throw new ExpectedError();
    },
    'leave a scope behind': async (call) => {
      void this.#airlock.run({ name: 'left behind' }, async () => {
        call.outlives();
        this.#effect(call, 'early');
        await call.gate;
        this.#effect(call, 'late');
      });
      await turn();
      return 'left';
    },
    'leave a scope behind and reject': async (call) => {
      await this.#actions['leave a scope behind'](call);
      throw new ExpectedError();
    },
    'call a broken effect': async (call) => {
      this.#effect(call, 'before');
      this.#effects.enqueueWith(
        { name: 'broken' },
        (_id: string) => Promise.reject(new Error('the line is dead')),
        call.id,
      );
      this.#effect(call, 'after');
      await turn();
      return 'called';
    },
    cascade: async (call) => {
      this.#effects.enqueueWith(
        { name: 'cause' },
        async (_id: string) => {
          await turn();
          call.out.push(`cause, which sees ${this.#effects.intents.length}`);
          this.#effect(call, 'consequence');
        },
        call.id,
      );
      await turn();
      return 'cascaded';
    },
  };

  #all(call: CallRecord): void {
    for (const on of ['success', 'failure', 'always'] as const)
      this.#effects.enqueueWith({ name: on, on }, call.tell, call.id, on);
  }

  #effect(call: CallRecord, name: string): void {
    this.#effects.enqueueWith({ name }, call.tell, call.id, name);
  }

  #stream(
    call: CallRecord,
    end: (subscriber: { complete(): void; error(error: unknown): void }) => void,
  ): Observable<unknown> {
    this.#effect(call, 'at the call');
    return new Observable((subscriber) => {
      this.#all(call);
      subscriber.next('one');
      void turn().then(() => {
        if (subscriber.closed) return;
        this.#effect(call, 'midway');
        subscriber.next('two');
        end(subscriber);
      });
    });
  }
}

async function endingWith(call: CallRecord, work: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await work;
  } finally {
    call.end();
  }
}
