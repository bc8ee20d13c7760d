import { methodName, methodOf } from '../../core/deferred.js';
import { type EffectEnvelope, envelopeOf } from '../../core/envelope.js';
import type { EffectCall, Intent } from '../../core/intent.js';
import { copyArguments } from '../../core/serialization.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { EffectSerializationError } from '../../errors/effect-serialization.error.js';
import { sideEffectBodyOn, sideEffectOn } from '../decorators/side-effect.decorator.js';
import type { RemoteOptions } from './remote-options.js';

/**
 * The half of a remote executor that does not know its engine: which effects it takes, what it keeps of their arguments,
 * and the envelope it sends.
 *
 * @internal
 */
export class EnvelopeWriter {
  private readonly maxPayloadBytes: number;

  constructor(
    private readonly engine: string,
    private readonly options: RemoteOptions,
  ) {
    this.maxPayloadBytes = options.maxPayloadBytes ?? 1_000_000;
  }

  /** @throws AirlockOptionsError for an effect without an address where those are refused */
  accepts(call: EffectCall): boolean {
    if (addressOf(call.effect) !== undefined) return true;
    if (this.options.plainFunctions !== 'refuse') return false;
    throw new AirlockOptionsError(
      'plainFunctions',
      `\`${call.name}\` is no \`@SideEffect()\` method that a worker could find, and ${this.engine} is told to refuse such effects. ` +
        'Make it one, or pick an executor in this process for it.',
    );
  }

  /** @throws EffectSerializationError for what JSON cannot carry, or too much of it */
  keepArguments({ name, args }: EffectCall): unknown[] {
    const { serializer } = this.options;
    const copy = copyArguments(name, serializer === undefined ? args : serializer.serialize(args));
    const bytes = Buffer.byteLength(JSON.stringify(copy));
    if (bytes > this.maxPayloadBytes) {
      throw new EffectSerializationError(
        name,
        'args',
        `${bytes} bytes of JSON and \`maxPayloadBytes\` is ${this.maxPayloadBytes}`,
        '. Pass the id of a row instead of its content, or raise the limit.',
      );
    }
    return serializer === undefined ? copy : [...serializer.deserialize(copy)];
  }

  write(intent: Intent): EffectEnvelope {
    const { serializer, tracing } = this.options;
    const args = serializer === undefined ? intent.args : serializer.serialize(intent.args);
    return envelopeOf(intent, addressOf(intent.effect) ?? intent.name, args, tracing?.inject());
  }
}

/** The name a worker finds an effect by; undefined for what is no `@SideEffect()` method, or one that is overridden. @internal */
export function addressOf(effect: (...args: never[]) => unknown): string | undefined {
  const origin = methodOf(effect);
  if (origin === undefined) return undefined;
  const { target, key, method } = origin;
  const current = Reflect.get(target, key) as object;
  // A worker runs the one that overrides, which may be the one that has called `super`.
  if (sideEffectBodyOn(current) !== (sideEffectBodyOn(method) ?? method)) return undefined;
  const options = sideEffectOn(current);
  return options && (options.name ?? methodName(target, key));
}
