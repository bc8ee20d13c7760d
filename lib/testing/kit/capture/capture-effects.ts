import { inspect } from 'node:util';
import { AirlockRuntime } from '../../../core/runtime.js';
import { FREE } from '../../../core/runtime-settings.js';
import { contexts } from '../../../core/scope/context.js';
import type { EffectScope } from '../../../core/effect-scope.js';
import type { Executor } from '../../../core/model/executor.js';
import type { ScopeView } from '../../../core/model/scope-view.js';
import { AirlockOptionsError } from '../../../errors/airlock-options.error.js';
import { duration } from '../../../nest/options/option-checks.js';
import { isApplication, runtimeOf, type TestedApplication } from '../application-of.js';
import { Capture } from './capture.js';
import { inTurn } from './in-turn.js';
import type { EffectRecord } from '../recording/effect-record.js';
import { listOfEffects } from '../texts/listing.js';

/** Result and effects of a block. @publicApi */
export interface CapturedEffects<T = unknown> extends EffectRecord {
  /** Value that the block returned or resolved to; undefined if it threw. */
  readonly result: T | undefined;
  /** Error that the block threw; undefined if it did not. */
  readonly error: unknown;
  /** Scopes begun in the block that had not ended when `settleTimeoutMs` was over. */
  readonly unfinished: readonly ScopeView[];
}

/** @publicApi */
export interface CaptureOptions {
  /**
   * Limit of the wait, after the block, for scopes that were begun in it, in milliseconds. @default
   * 1000
   */
  readonly settleTimeoutMs?: number;
}

type Block<R> = (scope: EffectScope) => R;
type WithBlock<R> = [fn: Block<R>, options?: CaptureOptions];
type WithApplication<R> = [app: TestedApplication, fn: Block<R>, options?: CaptureOptions];

/**
 * Runs a block in a scope of its own, independent of any around it, and lets none of its effects
 * out.
 *
 * `captureEffects(fn)` is for code outside any application: the scope is that of `runInScope`.
 * `captureEffects(app, fn)` opens a scope of the application, and what its entry points do
 * meanwhile belongs to the block as well, such as HTTP requests; such captures of one application
 * therefore run one after another, unless one stands in the block of the other.
 *
 * @returns the result of the block and its effects, which `console.log` lists; does not reject with
 * an error of the block
 * @throws ShuttingDownError, AirlockOptionsError
 * @publicApi
 * @example
 * ```ts
 * const captured = await captureEffects(app, () => orders.place(order.id));
 * expect(captured).toHaveDispatched(mail.sendReceipt, order.id);
 * ```
 */
export function captureEffects<R>(
  fn: Block<R>,
  options?: CaptureOptions,
): Promise<CapturedEffects<Awaited<R>>>;
export function captureEffects<R>(
  app: TestedApplication,
  fn: Block<R>,
  options?: CaptureOptions,
): Promise<CapturedEffects<Awaited<R>>>;
export async function captureEffects<R>(
  ...args: WithBlock<R> | WithApplication<R>
): Promise<CapturedEffects<Awaited<R>>> {
  if (hasNoApplication(args)) {
    const [fn, options] = args;
    return capture(new WithoutApplication(), new Capture(undefined), fn, checked(options));
  }
  const [app, fn, options] = args;
  if (typeof fn !== 'function') {
    const given = isApplication(app) ? fn : app;
    throw AirlockOptionsError.expected('fn', 'the function to capture the effects of', given);
  }
  const runtime = runtimeOf(app);
  const settings = checked(options);
  return inTurn(Capture.around(runtime) ?? runtime, () =>
    capture(runtime, new Capture(runtime), fn, settings),
  );
}

function checked(options: CaptureOptions = {}): CaptureOptions {
  if (options.settleTimeoutMs !== undefined) duration('settleTimeoutMs', options.settleTimeoutMs);
  return options;
}

/** Runtime that accepts every name of an executor, since no effect runs. */
class WithoutApplication extends AirlockRuntime {
  constructor() {
    super(FREE);
  }

  override executorNamed(): Executor {
    return this.defaultExecutor;
  }
}

function hasNoApplication<R>(args: WithBlock<R> | WithApplication<R>): args is WithBlock<R> {
  return typeof args[0] === 'function';
}

async function capture<R>(
  runtime: AirlockRuntime,
  block: Capture,
  fn: Block<R>,
  { settleTimeoutMs = 1000 }: CaptureOptions,
): Promise<CapturedEffects<Awaited<R>>> {
  let ending: Pick<CapturedEffects<Awaited<R>>, 'result' | 'error'>;
  let unfinished: readonly ScopeView[] = [];
  try {
    ending = await block.run(() => contexts.run(undefined, () => endingOf(runtime, fn)));
  } finally {
    unfinished = await block.end(settleTimeoutMs);
  }
  const { effects, dispatched, dropped, failed } = block.record;
  const captured = { ...ending, effects, dispatched, dropped, failed, unfinished };
  return Object.defineProperty(captured, inspect.custom, { value: () => listOfEffects(captured) });
}

async function endingOf<R>(
  runtime: AirlockRuntime,
  fn: Block<R>,
): Promise<Pick<CapturedEffects<Awaited<R>>, 'result' | 'error'>> {
  const scope = runtime.open({ name: 'captureEffects' });
  // Failures are in the record.
  const onDispatchError = (): void => {};
  try {
    // Awaited in the scope, as some objects, such as queries, do their work when they are awaited.
    const result = await runtime.runAndEnd(
      scope,
      () => scope.run(async () => fn(scope)),
      onDispatchError,
    );
    return { result, error: undefined };
  } catch (error) {
    return { result: undefined, error };
  }
}
