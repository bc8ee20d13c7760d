import { CascadeDepthError } from '../../../errors/cascade-depth.error.js';
import { DispatchError, type DispatchFailure } from '../../../errors/dispatch.error.js';
import type { Intent } from '../../../core/model/intent.js';
import type { AirlockRuntime } from '../../../core/runtime.js';
import { contexts } from '../../../core/scope/context.js';
import { LatentScope } from '../../../core/latent-scope.js';
import { checkOptions, duration, positiveInteger } from '../../../nest/options/option-checks.js';
import { runtimeOf, type TestedApplication } from '../application-of.js';
import { recorderOf } from '../recorder-of.js';
import type { EffectRecorder } from '../recording/effect-recorder.js';
import { realTime } from '../recording/timers.js';
import { WaitTimeoutError } from './wait-timeout.error.js';

/** @publicApi */
export interface DrainOptions {
  /**
   * Limit of how deep effects that were kept in may enqueue effects while they are run. @default 16
   */
  readonly maxDepth?: number;
  /** Limit of each wait for scopes that are open, in milliseconds. @default 1000 */
  readonly timeoutMs?: number;
}

/**
 * Runs everything until the application is quiet: waits for its scopes to end, then runs the
 * effects that `mode: 'capture'` has kept in, in this process, one after another, then the effects
 * that these have enqueued, and so on. In other modes there is nothing to run, and it only waits.
 * The scope it is called in is not waited for.
 *
 * @returns what it ran, in that order
 * @throws CascadeDepthError naming the chain of effects that goes too deep; DispatchError for
 * effects that failed, once all others have run; WaitTimeoutError naming scopes that do not end;
 * AirlockOptionsError without `AirlockTestingModule`
 * @publicApi
 * @example
 * ```ts
 * await request(app.getHttpServer()).post('/orders').send(order);
 * await drain(app); // runs what `mode: 'capture'` has kept in
 * ```
 */
export async function drain(
  app: TestedApplication,
  options: DrainOptions = {},
): Promise<readonly Intent[]> {
  checkOptions(options, { maxDepth: positiveInteger, timeoutMs: duration });
  const { maxDepth = 16, timeoutMs = 1000 } = options;
  const recorder = recorderOf(app);
  const runtime = runtimeOf(app);
  const { held } = recorder;
  const ran: Intent[] = [];
  const failed: DispatchFailure<Intent>[] = [];
  for (;;) {
    await quiet(recorder, runtime, timeoutMs);
    const next = held.takeNext();
    if (next === undefined) break;
    const { intent, trail } = next;
    if (trail.length > maxDepth)
      throw new CascadeDepthError([...trail, intent.name], maxDepth, 'maxDepth');
    ran.push(intent);
    try {
      await held.run(runtime, next);
    } catch (error) {
      failed.push({ intent, error });
    }
  }
  if (failed.length > 0) throw new DispatchError(failed, 'drain');
  return ran;
}

async function quiet(
  recorder: EffectRecorder,
  runtime: AirlockRuntime,
  timeoutMs: number,
): Promise<void> {
  const around = new Set<unknown>();
  for (let unit = runtime.opened; unit !== undefined; unit = unit.parent) around.add(unit);
  for (let context = contexts.getStore(); context !== undefined; context = context.outer)
    around.add(context);
  const handlers = (): readonly LatentScope[] =>
    runtime.running.latents.filter(
      (latent): latent is LatentScope => latent instanceof LatentScope && !around.has(latent),
    );
  do {
    await handled(runtime, handlers, timeoutMs);
    const left = await recorder.atWork.rest(timeoutMs, (unit) => around.has(unit));
    const scopes = left.map(({ label, state }) => `"${label}" (${state})`);
    if (scopes.length === 0) continue;
    throw new WaitTimeoutError(
      'scopes to end',
      timeoutMs,
      `At work still: ${scopes.join(', ')}. Await what runs in them.`,
    );
  } while (handlers().length > 0);
}

/** Waits for handlers that may still call an effect. */
async function handled(
  runtime: AirlockRuntime,
  atWork: () => readonly LatentScope[],
  timeoutMs: number,
): Promise<void> {
  if (atWork().length === 0) return;
  const time = realTime(timeoutMs);
  let isLate = false;
  const late = time.isOver.then(() => (isLate = true));
  while (atWork().length > 0 && !isLate)
    await Promise.race([runtime.running.nextLatentEnd(), late]);
  time.end();
  const names = atWork().map(({ name }) => `"${name}"`);
  if (names.length === 0) return;
  throw new WaitTimeoutError(
    'handlers to end',
    timeoutMs,
    `At work still: ${names.join(', ')}. Await what they do.`,
  );
}
