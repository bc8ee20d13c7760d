import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
// Not by name: an ESM import of a name that an older version lacks fails before its version is refused.
import * as terminus from '@nestjs/terminus';
import { AirlockRuntime } from '../../core/runtime.js';
import { messageOf } from '../../errors/thrown.js';
import { objectsIn } from '../../nest/boot-checks/held-objects.js';
import { EffectWorker } from '../../nest/remote/effect-worker.js';
import { Deadline, TimedOut } from '../../core/model/deadline.js';
import { type HealthProbe, probeOf } from '../health-probe.js';
import { withoutPayload } from '../without-payload.js';
import { HealthSettings } from './health.settings.js';
import { RecentFailures } from './recent-failures.js';

/**
 * Further time for a probe that watches its deadline itself, and can say more than that it is over.
 */
const GRACE_MS = 50;
/** Number of names in one sentence. */
const MOST_NAMES = 5;

type State = 'up' | 'degraded' | 'down';

/** Answer of one part. */
interface Finding {
  readonly part: string;
  readonly state: State;
  readonly problem: string | undefined;
}

/**
 * Reports the health of an application's effects to Terminus: `down` while an engine that effects
 * leave through cannot be reached; `degraded` when effects failed lately, a scope is stuck or rows
 * in the outbox are old. Terminus 11 knows no `degraded`: there it is `up`, with `degraded: true`.
 * Provided everywhere by `AirlockHealthModule`.
 *
 * @example
 * ```ts
 * @Controller('health')
 * export class HealthController {
 *   constructor(
 *     private readonly health: HealthCheckService,
 *     private readonly airlock: AirlockHealthIndicator,
 *   ) {}
 *
 *   @Get()
 *   @HealthCheck()
 *   check() {
 *     return this.health.check([() => this.airlock.isHealthy()]);
 *   }
 * }
 * ```
 *
 * @publicApi
 */
@Injectable()
export class AirlockHealthIndicator {
  readonly #settings: HealthSettings;
  readonly #runtime: AirlockRuntime;
  readonly #modules: ModulesContainer;
  readonly #failures: RecentFailures;
  #probes: readonly HealthProbe[] | undefined;

  /** @internal Built by Nest. */
  constructor(
    @Inject(HealthSettings) settings: HealthSettings,
    @Inject(AirlockRuntime) runtime: AirlockRuntime,
    @Inject(EffectWorker) worker: EffectWorker,
    @Inject(ModulesContainer) modules: ModulesContainer,
  ) {
    this.#settings = settings;
    this.#runtime = runtime;
    this.#modules = modules;
    this.#failures = new RecentFailures(settings.failureWindowMs);
    const add = (effect: string): void => this.#failures.add(effect);
    worker.onFailure = add;
    runtime.listen({ fail: ({ intent: { name } }) => add(name) });
  }

  /**
   * Asks the engines, and reports `problems` in sentences.
   *
   * @param key of the result, as for every indicator
   * @returns the result; does not reject
   */
  async isHealthy<const Key extends string = 'airlock'>(
    key: Key = 'airlock' as Key,
  ): Promise<terminus.HealthIndicatorResult<Key>> {
    const parts = await Promise.all(this.#knownProbes.map((probe) => this.#ask(probe)));
    const findings = [...parts, this.#failuresLately(), this.#stuckScopes()];
    const problems = findings.flatMap(({ problem = [] }) => problem);
    const states = findings.map(({ state }) => state);
    const details = {
      ...(problems.length > 0 && { problems }),
      ...(parts.length > 0 && {
        parts: Object.fromEntries(parts.map(({ part, state }) => [part, state])),
      }),
      openScopes: this.#runtime.running.size,
    };
    const session = new terminus.HealthIndicatorService().check(key);
    if (states.includes('down')) return session.down(details);
    if (!states.includes('degraded')) return session.up(details);
    if (this.#settings.isDegradedDown) return session.down(details);
    // Absent from Terminus 11.
    const { degraded } = session as Partial<typeof session>;
    return degraded === undefined
      ? session.up({ ...details, degraded: true })
      : session.degraded(details);
  }

  async #ask(probe: HealthProbe): Promise<Finding> {
    const { timeoutMs, oldRowMs } = this.#settings;
    const part = probe.name;
    try {
      const asked = probe.ask(new Deadline(timeoutMs, 'timeoutMs'), { oldRowMs });
      const problem = await new Deadline(timeoutMs + GRACE_MS).within(asked);
      return { part, state: problem === undefined ? 'up' : 'degraded', problem };
    } catch (error) {
      const problem =
        error instanceof TimedOut
          ? `${part} did not answer within ${timeoutMs} ms.`
          : messageOf(withoutPayload(error));
      return { part, state: 'down', problem };
    }
  }

  #failuresLately(): Finding {
    const { maxFailures, failureWindowMs } = this.#settings;
    const { counts } = this.#failures;
    const count = [...counts.values()].reduce((sum, failures) => sum + failures, 0);
    return finding(
      'effects',
      count > maxFailures &&
        `${count} effect(s) failed in the last ${failureWindowMs} ms: ${listed([...counts.keys()])}.`,
    );
  }

  #stuckScopes(): Finding {
    const { stuckScopeMs } = this.#settings;
    const stuck =
      stuckScopeMs === false
        ? []
        : this.#runtime.running.units.filter(({ ageMs }) => ageMs >= stuckScopeMs);
    return finding(
      'scopes',
      stuck.length > 0 &&
        `${stuck.length} scope(s) have been at work for more than ${stuckScopeMs} ms: ${listed(stuck.map(({ label }) => label))}.`,
    );
  }

  /** Finds the probes at the first check, when the application has started. */
  get #knownProbes(): readonly HealthProbe[] {
    return (this.#probes ??= [...objectsIn(this.#modules).keys()].flatMap(
      (object) => probeOf(object) ?? [],
    ));
  }
}

function finding(part: string, problem: string | false): Finding {
  return problem === false
    ? { part, state: 'up', problem: undefined }
    : { part, state: 'degraded', problem };
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return names.length > MOST_NAMES ? `${shown}, … (${names.length - MOST_NAMES} more)` : shown;
}
