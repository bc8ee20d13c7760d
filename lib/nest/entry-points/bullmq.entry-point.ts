import { detached } from '../../core/outside/detached.js';
import { isThenable } from '../../core/results/completion.js';
import { AirlockError } from '../../errors/airlock.error.js';
import { named } from '../../errors/quoted.js';
import { callInScope, type HandlerScope } from '../calls/call-in-scope.js';
import { isReplaceable } from '../methods/replace-method.js';
import type { Method } from '../methods/wrap-method.js';
import { outcomeOfJob } from './outcome-of-job.js';
import {
  handlerNamed,
  isMarked,
  methodsWith,
  type WrappedEntryPoint,
} from '../boundaries/entry-point.js';

/** The parts of BullMQ's `Worker` that are used. */
interface Worker {
  /** Takes jobs until the worker is paused or closed; `resume()` calls it too. */
  run(): Promise<void>;
  /** Looks for abandoned jobs from now on; `resume()` calls it if the worker still has jobs. */
  startStalledCheckTimer?(): Promise<void>;
  close(): Promise<void>;
}

interface WorkerHost {
  /** Throws before the worker exists, which it never does under manual registration. */
  readonly worker: Worker;
}

/** The parts of BullMQ's `Job` that are used. */
interface Job {
  readonly id?: string;
  /** The worker that made the job: it hands out jobs of its own. */
  readonly queue?: { readonly opts?: { readonly lockDuration?: number } };
  /** Resolves to 0 where the lock is not the token's. */
  extendLock?(token: string, durationMs: number): Promise<number>;
}

/** Ends a job of Bull 4, whose processor may take it in place of returning a Promise. */
type Done = (error: unknown, value?: unknown) => void;

type Processor = (job: Job | undefined, done: Done) => unknown;

/** Keys of `@OnWorkerEvent()`, `@OnQueueEvent()`, and those of `@nestjs/bull`. */
const LISTENERS = [
  'bullmq:worker_events_metadata',
  'bullmq:queue_events_metadata',
  'bull:module_on_queue_event',
];

/**
 * A job attempt: `process` of a class with `@Processor()`, and a method with `@Process()` of
 * `@nestjs/bull`. Also a call of a listener to events of workers and queues, nested in the job that
 * it is called in, if any.
 *
 * At shutdown the workers are closed before scopes are refused, so that no job starts only to fail.
 *
 * @internal
 */
export const bullmq: WrappedEntryPoint = {
  name: 'bullmq',
  find: (candidate) => [
    ...(isMarked(candidate, 'bullmq:processor_metadata')
      ? handlerNamed('process', candidate)
      : methodsWith('bull:module_queue_process', candidate)),
    ...LISTENERS.flatMap((key) => methodsWith(key, candidate)),
  ],
  // The result of a job is only stored, and that of a listener dropped.
  ignores: () => true,
  outcomeOf: outcomeOfJob,
  wrap: (original, scope) =>
    isListener(original)
      ? undefined
      : function (this: unknown, ...args) {
          const [job, second] = args as unknown as readonly [Job?, (string | Done)?];
          if (typeof second === 'function')
            return callWithDone(scope, second, (done) =>
              (original as Processor).call(this, job, done),
            );
          return callInScope(scope, () => {
            const result = original.apply(this, args);
            return isThenable(result) ? stillOurs(scope, result, job, second) : result;
          });
        },
  ready(instance) {
    const worker = workerOf(instance);
    if (worker === undefined) return;
    runDetached(worker, 'run');
    runDetached(worker, 'startStalledCheckTimer');
  },
  async stop(instance) {
    await workerOf(instance)?.close();
  },
};

/** A class with listeners alone may have something else under this name. */
function workerOf(instance: object): Worker | undefined {
  try {
    const { worker } = instance as Partial<WorkerHost>;
    return typeof worker?.run === 'function' && typeof worker.close === 'function'
      ? worker
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Keeps a worker that a request starts or resumes out of the scope of that request: its jobs are
 * work of their own.
 */
function runDetached(worker: Worker, key: 'run' | 'startStalledCheckTimer'): void {
  const loop = worker[key]?.bind(worker);
  if (loop === undefined || !isReplaceable(worker, key)) return;
  Object.defineProperty(worker, key, {
    value: () => detached(loop),
    configurable: true,
    writable: true,
  });
}

function isListener(method: Method): boolean {
  return LISTENERS.some((key) => Reflect.hasMetadata(key, method));
}

/**
 * Makes a call that ends with its callback: Bull is told once the scope has ended.
 *
 * @returns what the call returns, which Bull ignores
 */
function callWithDone(scope: HandlerScope, done: Done, call: (done: Done) => unknown): unknown {
  let returned: unknown;
  const ended = callInScope(
    scope,
    async () =>
      new Promise((resolve, reject) => {
        // Bull tells a failure by a truthy error, and takes what is thrown for one.
        returned = call((error, value) => (error ? reject(error as Error) : resolve(value)));
      }),
  ) as Promise<unknown>;
  void tell(ended, done);
  return returned;
}

async function tell(ended: Promise<unknown>, done: Done): Promise<void> {
  let value: unknown;
  try {
    value = await ended;
  } catch (error) {
    return done(error);
  }
  done(null, value);
}

/**
 * Fails an attempt that has lost the job's lock, as after a long outage of Redis: another attempt
 * has the job by now, the effects of that one are to get out, and BullMQ refuses the result of this
 * one. Asks Redis only if there are effects to let out.
 */
async function stillOurs(
  { runtime, prepared }: HandlerScope,
  result: PromiseLike<unknown>,
  job: Job | undefined,
  token: string | undefined,
): Promise<unknown> {
  const value = await result;
  if (token === undefined || job?.extendLock === undefined || !runtime.opened?.snapshot().length)
    return value;
  if ((await job.extendLock(token, job.queue?.opts?.lockDuration ?? 30_000)) !== 0) return value;
  const error = new AirlockError(
    'AIRLOCK_LOST_JOB',
    `An attempt of job ${named(job.id)} in "${prepared.name}" has lost its lock, so its effects do not get out: BullMQ gives the job to another ` +
      'attempt. Redis was out of reach for longer than `lockDuration`, or the event loop was blocked.',
  );
  runtime.logError(error);
  throw error;
}
