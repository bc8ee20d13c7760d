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
import { flagOr, remoteChecks, turnedOn } from '../../nest/remote/remote-checks.js';
import { QueueSettings } from '../queue.settings.js';
import type { FetchOptions } from './pg-boss.client.js';
import type {
  AirlockPgBossOptions,
  PgBossQueueOptions,
  PgBossWorkerOptions,
} from './pg-boss.options.js';

const bossOrToken: OptionCheck = expectThat(
  'a `PgBoss`, the token of one, or what to build one with',
  (value) => isRecord(value) || ['string', 'symbol', 'function'].includes(typeof value),
);
const boss: OptionCheck = (key, value) => {
  bossOrToken(key, value);
  if (typeof value !== 'string' || !/^\s*postgres(ql)?:\/\//i.test(value)) return;
  throw new AirlockOptionsError(
    key,
    `\`${key}\` is a URL of PostgreSQL, and a string is taken for the token of a provider. Write \`${key}: { connectionString }\`.`,
  );
};
const seconds: OptionCheck = expectThat(
  'a number of seconds, 0.5 or more',
  (value) => (value as number) >= 0.5,
);

const workerChecks: Readonly<Record<keyof PgBossWorkerOptions, OptionCheck>> = {
  queues: texts,
  concurrency: positiveInteger,
  batchSize: positiveInteger,
  pollingIntervalSeconds: seconds,
  notifyPollingIntervalSeconds: seconds,
};

const checks: Readonly<Record<keyof AirlockPgBossOptions, OptionCheck>> = {
  ...remoteChecks,
  boss,
  queue: text,
  queueFor: func,
  queues: (key, value) => {
    record(key, value);
    for (const [name, options] of Object.entries(value as object))
      record(`${key}.${name}`, options);
  },
  createQueues: flag,
  jobOptions: record,
  worker: flagOr(workerChecks),
};

/** @internal */
export class PgBossSettings extends QueueSettings<AirlockPgBossOptions> {
  /** Queues by their names, each after its dead letter queue. */
  readonly queues: ReadonlyMap<string, PgBossQueueOptions>;
  readonly createsQueues: boolean;
  readonly served: readonly string[];
  readonly concurrency: number;
  readonly fetching: FetchOptions;
  /** Refuses a queue that nobody creates: version 10 would silently leave out its jobs. */
  protected readonly assertQueue = (key: string, name: string): void => {
    if (this.queues.has(name)) return;
    throw new AirlockOptionsError(
      key,
      `\`${key}\` names the queue "${name}", which is none of those here: ${[...this.queues.keys()].join(', ')}. Add it to \`queues\`, or fix the name.`,
    );
  };

  constructor(options: AirlockPgBossOptions) {
    super(options, checks, 30_000);
    boss('boss', options.boss);
    this.createsQueues = options.createQueues ?? true;
    const { queues = {}, jobOptions } = options;
    this.queues = withDeadLetters(
      [jobOptions?.deadLetter, this.queue, ...Object.keys(queues)],
      queues,
    );
    const worker = turnedOn(options.worker);
    this.served = worker === undefined ? [] : (worker.queues ?? this.livingQueues());
    for (const name of this.served) this.assertQueue('worker.queues', name);
    this.concurrency = worker?.concurrency ?? 1;
    const { batchSize = 1, pollingIntervalSeconds = 1 } = worker ?? {};
    const { notifyPollingIntervalSeconds = pollingIntervalSeconds } = worker ?? {};
    this.fetching = { batchSize, pollingIntervalSeconds, notifyPollingIntervalSeconds };
  }

  /** Lists the queues that are not the dead letter queue of another. */
  private livingQueues(): readonly string[] {
    const deadLetters = [...this.queues.values(), this.options.jobOptions].map(
      (options) => options?.deadLetter,
    );
    return [...this.queues.keys()].filter((name) => !deadLetters.includes(name));
  }
}

function withDeadLetters(
  names: readonly (string | undefined)[],
  options: Readonly<Record<string, PgBossQueueOptions>>,
): ReadonlyMap<string, PgBossQueueOptions> {
  const seen = new Set<string>();
  const ordered = new Map<string, PgBossQueueOptions>();
  const add = (name: string | undefined): void => {
    if (name === undefined || seen.has(name)) return;
    seen.add(name);
    const own = options[name] ?? {};
    add(own.deadLetter);
    ordered.set(name, own);
  };
  for (const name of names) add(name);
  return ordered;
}
