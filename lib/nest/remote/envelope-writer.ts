import { Logger } from '@nestjs/common';
import { type EffectEnvelope, envelopeOf } from './envelope.js';
import type { EffectCall } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';
import { copyArguments } from '../../core/enqueue/serialization.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { EffectSerializationError } from '../../errors/effect-serialization.error.js';
import { SafeLogger } from '../log/safe-logger.js';
import { methodOf } from '../../core/effect/bound-effect.js';
import { addressOf } from './effect-address.js';
import { isKnownToWorkers } from './effect-registry.js';
import type { RemoteOptions } from './remote-options.js';

/**
 * Key of a remote executor's `EnvelopeWriter`, for an outbox that writes the intents first.
 * @internal
 */
export const ENVELOPES: unique symbol = Symbol.for('nestjs-airlock.envelopes') as never;

/**
 * The half of a remote executor that does not know its engine: which effects it takes, what it
 * keeps of their arguments, and the envelope it sends.
 *
 * @internal
 */
export class EnvelopeWriter {
  /** Addresses of effects that were read from envelopes, by the arguments. */
  private readonly addresses = new WeakMap<readonly unknown[], string>();
  private readonly maxPayloadBytes: number;
  private readonly logger = new SafeLogger(new Logger('Airlock'));
  private readonly warned = new Set<string>();

  constructor(
    private readonly engine: string,
    private readonly options: RemoteOptions,
  ) {
    this.maxPayloadBytes = options.maxPayloadBytes ?? 1_000_000;
  }

  /**
   * @throws AirlockOptionsError for an effect without an address, if those are refused, and for one
   *   whose address is hidden
   */
  accepts(call: EffectCall): boolean {
    const address = addressOf(call.effect);
    if (address !== undefined && isKnownToWorkers(address, methodOf(call.effect)!.target))
      return true;
    if (this.options.plainFunctions === undefined) this.warnOnce(call.name);
    if (this.options.plainFunctions !== 'refuse') return false;
    throw new AirlockOptionsError(
      'plainFunctions',
      `\`${call.name}\` is not a \`@SideEffect()\` method that a worker could find, and ${this.engine} is told to refuse such effects. ` +
        'Make it one, or pick an executor in this process for it.',
    );
  }

  private warnOnce(name: string): void {
    // Names that are made anew for each call must not pile up.
    if (this.warned.has(name) || this.warned.size >= 1000) return;
    this.warned.add(name);
    this.logger.warn(
      `\`${name}\` is not a \`@SideEffect()\` method that a worker could find, so it does not go through ${this.engine}: it runs in this process, ` +
        'and is lost where that ends first. Make it a `@SideEffect()` method of a provider; or say that this is meant, with ' +
        "`plainFunctions: 'in-process'`, or that it must not happen, with `'refuse'`.",
    );
  }

  /** @throws EffectSerializationError for what JSON cannot carry, or too much of it */
  keepArguments({ name, args }: EffectCall): unknown[] {
    const { serializer } = this.options;
    const { maxPayloadBytes } = this;
    const tooMuch = (bytes = `more than ${maxPayloadBytes}`): EffectSerializationError =>
      new EffectSerializationError(
        name,
        'args',
        `${bytes} bytes of JSON and \`maxPayloadBytes\` is ${maxPayloadBytes}`,
        '. Pass the id of a row instead of its content, or raise the limit.',
      );
    const data = serializer === undefined ? args : serializer.serialize(args);
    const copy = copyArguments(name, data, { bytes: maxPayloadBytes, tooMuch });
    const bytes = Buffer.byteLength(JSON.stringify(copy));
    if (bytes > maxPayloadBytes) throw tooMuch(`${bytes}`);
    return serializer === undefined ? copy : [...serializer.deserialize(copy)];
  }

  write(intent: Intent): EffectEnvelope {
    const { serializer } = this.options;
    const args = serializer === undefined ? intent.args : serializer.serialize(intent.args);
    const address = addressOf(intent.effect) ?? this.addresses.get(intent.args) ?? intent.name;
    return envelopeOf(intent, address, args);
  }

  /** The arguments in an envelope, for an intent that is to be written once more. */
  read({ args: written, effect }: EffectEnvelope): unknown[] {
    const { serializer } = this.options;
    const args = [...(serializer === undefined ? written : serializer.deserialize(written))];
    this.addresses.set(args, effect);
    return args;
  }
}
