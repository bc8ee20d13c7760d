import { setImmediate } from 'node:timers/promises';
import { enqueueWith } from '../../../core/functions.js';
import type { EnqueueOptions } from '../../../core/model/enqueue-options.js';
import type { Policy, PolicyRef } from '../../../core/model/policy.js';
import type { Intent } from '../../../core/model/intent.js';
import type { FlushReport } from '../../../core/model/report.js';
import type { AirlockService } from '../../../nest/services/airlock.service.js';
import type { Call } from './call.js';

/** One call that was made, and what can be said of it so far. */
interface Made {
  readonly call: Call;
  readonly effect: () => Promise<void>;
  runs: number;
  refusal?: unknown;
}

/** Calls made under a policy, and what becomes of each. @internal */
export class Trial {
  private readonly made: Made[] = [];
  private readonly ran: Made[] = [];
  private running: Made | undefined;
  private report: FlushReport | undefined;

  /** Calls them in the scope at hand. */
  makeAll(calls: readonly Call[], options?: EnqueueOptions): void {
    for (const call of calls) this.make(call, () => {}, options);
  }

  /** Calls it in the scope at hand; a refusal is noted. @param effect done when it gets out */
  make(call: Call, effect: () => void, options?: EnqueueOptions): void {
    const made: Made = { call, runs: 0, effect: () => this.run(made, effect) };
    // What an effect calls is asked about right after it.
    this.made.splice(this.running === undefined ? this.made.length : this.made.indexOf(this.running) + 1, 0, made);
    try {
      enqueueWith({ ...call.options, ...options }, made.effect as (...args: unknown[]) => Promise<void>, ...call.args);
    } catch (error) {
      made.refusal = error;
    }
  }

  /** Runs `work` in a scope of its own and lets out what may go out, whatever outcome it waits for. */
  async within(airlock: AirlockService, policy: PolicyRef | readonly PolicyRef[], work: () => unknown): Promise<void> {
    const scope = airlock.open({ policy, shouldFlush: () => true });
    try {
      await scope.run(work);
    } finally {
      this.report = await scope.end('failed');
    }
  }

  /** In the order in which a policy is asked about them. */
  get calls(): readonly Call[] {
    return this.made.map(({ call }) => call);
  }

  /** What has become of each, as `MailService.sendReceipt(7): out`. */
  get fates(): readonly string[] {
    return this.made.map((made) => `${made.call.text}: ${this.fateOf(made)}`);
  }

  /** Those that got out, in the order of the calls and in that of their runs. */
  get ways(): { readonly called: readonly string[]; readonly out: readonly string[] } {
    const numbered = (made: Made): string => `${this.made.indexOf(made) + 1}. ${made.call.text}`;
    return { called: this.made.filter(({ runs }) => runs > 0).map(numbered), out: this.ran.map(numbered) };
  }

  /** Errors of calls that were refused. */
  get refusals(): readonly unknown[] {
    return this.made.flatMap((made) => ('refusal' in made ? [made.refusal] : []));
  }

  /** Errors of calls that were taken and then neither let out nor dropped. */
  get failures(): readonly unknown[] {
    return this.report!.failed.map(({ error }) => error);
  }

  /** Calls whose arguments are not what they were at the call. */
  get touched(): readonly Call[] {
    const { dispatched, dropped, failed } = this.report!;
    const intents = [...dispatched, ...[...dropped, ...failed].map(({ intent }) => intent)];
    return intents.flatMap((intent) => {
      const { call } = this.made[this.indexOf(intent)]!;
      return call.isTouched(intent.args) ? [call] : [];
    });
  }

  /** The place of an intent among the calls, from 0. */
  indexOf(intent: Intent): number {
    return this.made.findIndex(({ effect }) => effect === intent.effect);
  }

  private async run(made: Made, effect: () => void): Promise<void> {
    made.runs++;
    this.ran.push(made);
    this.running = made;
    effect();
    this.running = undefined;
    // So that flushes take turns.
    await setImmediate();
  }

  private fateOf(made: Made): string {
    const fate = this.saidOf(made);
    if (made.runs === (fate === 'out' ? 1 : 0)) return fate;
    return `${fate}, and its effect ran ${made.runs} times`;
  }

  private saidOf(made: Made): string {
    if ('refusal' in made) return 'refused';
    const isIt = (intent: Intent): boolean => intent.effect === made.effect;
    const { dispatched, dropped, failed } = this.report!;
    const failure = failed.find(({ intent }) => isIt(intent));
    if (failure !== undefined) return `failed with ${String(failure.error)}`;
    if (dropped.some(({ intent }) => isIt(intent))) return 'dropped';
    return dispatched.some(isIt) ? 'out' : 'lost';
  }
}

/** The same policy, with somebody who hears what it answers. @internal */
export function overheard(policy: Policy, hear: (hook: keyof Policy, answer: unknown) => void): Policy {
  const hearing =
    <R>(hook: keyof Policy, ask: (intent: Intent) => R) =>
    (intent: Intent): R => {
      const answer = ask(intent);
      hear(hook, answer);
      return answer;
    };
  return {
    ...(policy.onEnqueue && { onEnqueue: hearing('onEnqueue', (intent) => policy.onEnqueue!(intent)) }),
    ...(policy.allows && { allows: hearing('allows', (intent) => policy.allows!(intent)) }),
  };
}
