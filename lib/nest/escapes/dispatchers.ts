/**
 * Methods by which a kind of object reaches another machine. The kind is told by its methods, since
 * no peer is imported to know its class.
 */
interface Dispatcher {
  /** All methods that an object of this kind has. */
  readonly has: readonly string[];
  /** Methods that send. */
  readonly sends: readonly string[];
}

/**
 * Methods that are watched without being named. Emitters and event buses are not among them: they
 * call listeners of this process, whose own effects are buffered.
 */
const DISPATCHERS: readonly Dispatcher[] = [
  // Mailers.
  { has: ['sendMail'], sends: ['sendMail'] },
  // Queues and flows of BullMQ and Bull.
  { has: ['add', 'addBulk'], sends: ['add', 'addBulk'] },
  // Nest's `ClientProxy`, whose `send` asks for an answer.
  { has: ['emit', 'send', 'connect', 'close', 'routingMap'], sends: ['emit', 'emitBatch'] },
  // pg-boss.
  {
    has: ['send', 'insert', 'fetch', 'work'],
    sends: ['send', 'sendAfter', 'sendThrottled', 'sendDebounced', 'insert', 'publish'],
  },
  // Producers of KafkaJS.
  { has: ['send', 'sendBatch', 'connect', 'disconnect'], sends: ['send', 'sendBatch'] },
];

/** The methods by which an object sends; most have none. @internal */
export function* sendingMethodsOf(instance: object): Generator<string> {
  for (const { has, sends } of DISPATCHERS) {
    if (!has.every((key) => key in instance)) continue;
    for (const key of sends)
      if (typeof (instance as Record<string, unknown>)[key] === 'function') yield key;
  }
}

/**
 * True if a call takes part in the transaction around it, as `boss.send(name, data, { db })` does.
 * @internal
 */
export function isInTransaction(args: readonly unknown[]): boolean {
  return args.some(
    (arg) =>
      typeof arg === 'object' && arg !== null && typeof (arg as { db?: unknown }).db === 'object',
  );
}
