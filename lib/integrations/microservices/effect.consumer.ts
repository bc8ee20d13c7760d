import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Inject, Logger, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { messageOf, stacksOf } from '../../errors/thrown.js';
import { ShuttingDownError } from '../../errors/shutting-down.error.js';
import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import { SkipAirlock } from '../../nest/decorators/skip-airlock.decorator.js';
import { EffectWorker } from '../../nest/remote/effect-worker.js';
import { effectNamedIn } from '../../nest/remote/envelope.js';
import { ConsumerSettings, MicroservicesSettings } from './microservices.settings.js';

/** The parts that are used of the context of a message from RabbitMQ. */
interface RabbitContext {
  getMessage(): object;
  getChannelRef(): {
    ack(message: object): void;
    nack(message: object, allUpTo: boolean, requeue: boolean): void;
  };
}

/**
 * Runs the effects that other applications have emitted, one per message.
 *
 * @internal
 */
abstract class EffectConsumer implements OnApplicationBootstrap {
  private readonly logger = new Logger('AirlockMicroservices');
  private readonly running = new Set<Promise<void>>();
  private isStopping = false;

  constructor(
    @Inject(ConsumerSettings) private readonly consumer: ConsumerSettings,
    @Inject(MicroservicesSettings) private readonly settings: MicroservicesSettings,
    @Inject(EffectWorker) private readonly effects: EffectWorker,
  ) {}

  onApplicationBootstrap(): void {
    this.effects.onShutdown(async () => {
      this.isStopping = true;
      await Promise.all(this.running);
    });
    this.logger.log(
      `Running the effects under ${this.consumer.patterns.map((one) => `"${one}"`).join(', ')}`,
    );
  }

  async take(data: unknown, context: unknown): Promise<void> {
    const rabbit = this.consumer.acknowledge ? this.rabbitIn(context) : undefined;
    // Without an acknowledgement another consumer gets the message as soon as this connection is
    // closed.
    if (this.isStopping && rabbit !== undefined) return;
    const run = this.run(data, rabbit);
    this.running.add(run);
    await run.finally(() => this.running.delete(run));
  }

  private rabbitIn(context: unknown): RabbitContext | undefined {
    if (typeof (context as Partial<RabbitContext> | undefined)?.getChannelRef === 'function') {
      return context as RabbitContext;
    }
    this.logger.error(
      '`consumer.acknowledge` is for RabbitMQ; messages of this transport are not acknowledged. Remove it.',
    );
    return undefined;
  }

  private async run(data: unknown, rabbit: RabbitContext | undefined): Promise<void> {
    const effect = effectNamedIn(data);
    try {
      await this.effects.run(data, this.settings.options);
    } catch (error) {
      return this.failed(effect, error, rabbit);
    }
    this.answer(effect, rabbit, (channel, message) => channel.ack(message));
  }

  private failed(effect: string, error: unknown, rabbit: RabbitContext | undefined): void {
    const message = messageOf(error);
    if (error instanceof UnknownEffectError) {
      this.logger.error(`An effect was sent here that cannot be run: ${message}`);
      this.answer(effect, rabbit, (channel, its) => channel.nack(its, false, false));
    } else if (error instanceof ShuttingDownError && rabbit !== undefined) {
      this.logger.warn(`Effect ${effect} came while shutting down and is left to another consumer`);
    } else {
      const consequence = rabbit === undefined ? 'and is lost' : 'and goes back to its queue';
      this.logger.error(`Effect ${effect} failed ${consequence}: ${message}`, stacksOf(error));
      if (rabbit !== undefined) void this.giveBack(effect, rabbit);
    }
  }

  /**
   * Gives a message back after a while, so that an effect that always fails does not run without a
   * pause. A shutdown does not wait for it, since closing the connection gives the message back as
   * well.
   */
  private async giveBack(effect: string, rabbit: RabbitContext): Promise<void> {
    await sleep(this.consumer.retryDelayMs, undefined, { ref: false });
    this.answer(effect, rabbit, (channel, message) => channel.nack(message, false, true));
  }

  private answer(
    effect: string,
    rabbit: RabbitContext | undefined,
    give: (channel: ReturnType<RabbitContext['getChannelRef']>, message: object) => void,
  ): void {
    if (rabbit === undefined) return;
    try {
      give(rabbit.getChannelRef(), rabbit.getMessage());
    } catch (error) {
      this.logger.warn(
        `RabbitMQ will deliver ${effect} again, for its channel has closed: ${messageOf(error)}`,
      );
    }
  }
}

/**
 * Makes a controller that listens to the given patterns: decorators have to know them when the
 * class is made.
 * @internal
 */
export function consumerOf(patterns: readonly string[]): Type {
  @Controller()
  class AirlockEffectConsumer extends EffectConsumer {
    // A scope around the handler would let out the effects of the effect only after the message was
    // acknowledged.
    @SkipAirlock()
    @EventPattern(patterns)
    override async take(@Payload() data: unknown, @Ctx() context: unknown): Promise<void> {
      await super.take(data, context);
    }
  }
  return AirlockEffectConsumer;
}
