import type { ExecutionContext } from '@nestjs/common';
import type { LatentScope } from '../../../core/latent-scope.js';
import type { Outcome } from '../../../core/model/scope-view.js';
import type { AirlockRuntime } from '../../../core/runtime.js';
import { isReplaceable, replaceOwn } from '../../methods/replace-method.js';

type End = (outcome: Outcome, answer?: unknown) => void | Promise<void>;

/** The parts of `RmqContext` that are used; other transports' contexts lack them. */
interface Delivery {
  getChannelRef?(): object;
  getMessage?(): object;
}

/**
 * Messages that a handler of RabbitMQ gives back to its queue instead of throwing: by `nack` or
 * `reject` of the channel.
 *
 * @internal
 */
export class GivenBack {
  private readonly messages = new WeakSet();

  constructor(private readonly runtime: AirlockRuntime) {}

  /** Returns `end` for the scope of a message, which has failed if the message is given back. */
  endOf(context: ExecutionContext, scope: LatentScope, end: End): End {
    const delivery = context.getArgByIndex<Delivery | undefined>(1);
    const message = delivery?.getMessage?.();
    const channel = delivery?.getChannelRef?.();
    if (message === undefined || channel === undefined) return end;
    this.watch(channel);
    return failsWhere(() => this.messages.has(message), scope, end);
  }

  /** Watches a channel once: it lasts, and has many messages at a time. */
  private watch(channel: object): void {
    for (const key of ['nack', 'reject']) {
      // The channel of a custom strategy may lack a method, or be frozen.
      const has = typeof (channel as Record<string, unknown>)[key] === 'function';
      if (!has || !isReplaceable(channel, key)) continue;
      replaceOwn(channel, key, this.runtime, (original) => {
        return (...args) => {
          const [message] = args as readonly object[];
          const sent = Reflect.apply(original, channel, args) as unknown;
          this.messages.add(message!);
          return sent;
        };
      });
    }
  }
}

/** Ends the scope of completed work as failed if its message is given back. @internal */
export function failsWhere(
  isGivenBack: (answer: unknown) => boolean,
  scope: LatentScope,
  end: End,
): End {
  return (outcome, answer) => {
    if (outcome !== 'completed' || !isGivenBack(answer)) return end(outcome, answer);
    scope.failedBy('message given back');
    return end('failed', answer);
  };
}
