import type { WorkerOptions } from 'bullmq';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import {
  expectThat,
  flag,
  func,
  isRecord,
  type OptionCheck,
  positiveInteger,
  record,
  text,
  texts,
} from '../../nest/options/option-checks.js';
import { remoteChecks, turnedOn } from '../../nest/remote/remote-checks.js';
import { QueueSettings } from '../queue.settings.js';
import type {
  AirlockBullMqOptions,
  BullMqJobOptions,
  BullMqWorkerOptions,
} from './bullmq.options.js';

const connection: OptionCheck = expectThat(
  'a URL of Redis, options of ioredis or an ioredis client',
  (value) =>
    isRecord(value) ||
    (typeof value === 'string' && /^rediss?:\/\//.test(value) && URL.canParse(value)),
);
const queueName: OptionCheck = expectThat(
  "the name of a queue, without ':'",
  (value) => typeof value === 'string' && value !== '' && !value.includes(':'),
);
const worker: OptionCheck = (key, value) => {
  if (!isRecord(value)) return flag(key, value);
  refuseKeys(key, value, 'connection', 'prefix', 'autorun');
  const { queues, concurrency } = value as BullMqWorkerOptions;
  if (concurrency !== undefined) positiveInteger(`${key}.concurrency`, concurrency);
  if (queues === undefined) return;
  texts(`${key}.queues`, queues);
  for (const [index, name] of queues.entries()) queueName(`${key}.queues[${index}]`, name);
};
const jobOptions: OptionCheck = (key, value) => {
  record(key, value);
  refuseKeys(key, value as object, 'jobId', 'repeat', 'parent');
};

const checks: Readonly<Record<keyof AirlockBullMqOptions, OptionCheck>> = {
  ...remoteChecks,
  connection,
  prefix: text,
  queue: queueName,
  queueFor: func,
  jobOptions,
  worker,
};

/** @internal */
export class BullMqSettings extends QueueSettings<AirlockBullMqOptions> {
  readonly connection: AirlockBullMqOptions['connection'];
  readonly prefix: string;
  readonly jobOptions: BullMqJobOptions;
  /** Options of each worker of this process; undefined where it has none. */
  readonly worker: Omit<WorkerOptions, 'connection'> | undefined;
  readonly served: readonly string[];
  readonly concurrency: number;
  protected readonly assertQueue = queueName;

  constructor(options: AirlockBullMqOptions) {
    super(options, checks, 5_000);
    connection('connection', options.connection);
    this.connection = options.connection;
    this.prefix = options.prefix ?? 'bull';
    this.jobOptions = options.jobOptions ?? {};
    const worker = turnedOn(options.worker);
    const { queues, ...own } = worker ?? {};
    if (worker !== undefined && queues === undefined && options.queueFor !== undefined)
      throw queuesUnknown();
    this.worker = worker && own;
    this.concurrency = worker?.concurrency ?? 1;
    this.served = worker === undefined ? [] : (queues ?? [this.queue]);
  }
}

function refuseKeys(key: string, options: object, ...refused: readonly string[]): void {
  for (const name of refused) {
    if ((options as Record<string, unknown>)[name] === undefined) continue;
    throw new AirlockOptionsError(
      `${key}.${name}`,
      `\`${key}.${name}\` cannot be set: Airlock sets it itself.`,
    );
  }
}

function queuesUnknown(): AirlockOptionsError {
  return new AirlockOptionsError(
    'worker.queues',
    'With `queueFor` nobody but you knows all queues, so the worker has to be told which ones it serves: `worker: { queues: […] }`.',
  );
}
