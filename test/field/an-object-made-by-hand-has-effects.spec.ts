import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Scope } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { AirlockOptionsError, AirlockService, EffectBuffer, SideEffect } from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { ClsModule, ClsService, InjectableProxy } from 'nestjs-cls';
import { boot, checkAfterEach, until } from '../e2e/http/fixtures.js';
import { describeWith, redis } from '../servers.js';

const sent: string[] = [];

@Injectable()
class Mailer {
  from = 'the shop';
  @SideEffect()
  async mail(): Promise<void> {
    sent.push(`from ${this.from}`);
  }
}

/** Provided nowhere. */
class Channel {
  constructor(private readonly name: string) {}
  @SideEffect()
  async tell(): Promise<void> {
    sent.push(`by ${this.name}`);
  }
}

@Injectable()
class Notifier {
  readonly channels = [new Channel('sms'), new Channel('fax')];
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @SideEffect()
  async mail(): Promise<void> {
    sent.push('per request');
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {
  @SideEffect()
  async mail(): Promise<void> {
    sent.push('transient');
  }
}

class Traced {
  @SideEffect()
  async mail(): Promise<void> {
    sent.push('traced');
  }
}

/** As libraries for traces and metrics do: methods are handed out bound to what is behind it. */
function traced(): Traced {
  return new Proxy(new Traced(), {
    get: (behind, key) => {
      const value: unknown = Reflect.get(behind, key);
      return key !== 'constructor' && typeof value === 'function'
        ? (value.bind(behind) as unknown)
        : value;
    },
  });
}

@InjectableProxy()
class TenantMailer {
  @SideEffect()
  async mail(): Promise<void> {
    sent.push('behind a proxy');
  }
}

@Injectable()
class Shop {
  constructor(
    @Inject(EffectBuffer) readonly effects: EffectBuffer,
    @Inject(Transient) readonly transient: Transient,
  ) {}
}

const cls = [ClsModule.forRoot({ global: true }), ClsModule.forFeature(TenantMailer)];

describeWith(redis, 'when an effect of an object is to leave the process', () => {
  checkAfterEach();
  beforeEach(() => void (sent.length = 0));

  async function start(plainFunctions?: 'refuse') {
    const queue = `made-by-hand-${randomUUID()}`;
    const bullmq = AirlockBullMqModule.forRoot({
      connection: { url: redis.url },
      queue,
      worker: true,
      ...(plainFunctions && { plainFunctions }),
    });
    const { app, log, fate } = await boot(
      {
        imports: [bullmq, ...cls],
        providers: [
          ...[Mailer, Notifier, PerRequest, Transient, Shop],
          { provide: 'traced', useFactory: traced },
        ],
      },
      { executor: BullMqExecutor },
    );
    const within = async (work: () => Promise<void>): Promise<void> => {
      await app.get(AirlockService).run(work);
      await fate();
    };
    return { app, log, within };
  }

  // What stays in this process is refused there.
  it('leaves it where it is of a provider, whatever makes its instances', async () => {
    const { app, log, within } = await start('refuse');
    await within(async () => {
      await app.get(Mailer).mail();
      app.get(Shop).effects.defer(app.get(Mailer)).mail();
      await (await app.resolve(PerRequest)).mail();
      await app.get(Shop).transient.mail();
      await app.get<Traced>('traced').mail();
    });
    await until(() => sent.length === 5);
    expect(sent.toSorted()).toEqual([
      ...['from the shop', 'from the shop', 'per request', 'traced', 'transient'],
    ]);
    expect(log.airlock('warn')).toEqual([]);
  });

  it('runs it here where a worker would not know the object, or take another for it, and says so once', async () => {
    const { app, log, within } = await start();
    const context = app.get(ClsService);
    const made = await app.get(ModuleRef).create(Mailer);
    made.from = 'the tenant';
    for (let i = 0; i < 2; i++) {
      await within(async () => {
        await made.mail();
        for (const channel of app.get(Notifier).channels) await channel.tell();
        await new Channel('post').tell();
        await context.run(async () => {
          await context.proxy.resolve();
          await app.get(TenantMailer).mail();
        });
      });
    }
    expect(sent).toEqual(
      Array.from({ length: 2 }, () => [
        'from the tenant',
        'by sms',
        'by fax',
        'by post',
        'behind a proxy',
      ]).flat(),
    );
    expect(log.airlock('warn').map((line) => /^`(.*?)`.*BullMQ/.exec(line)?.[1])).toEqual([
      'Mailer.mail',
      'Channel.tell',
      'TenantMailer.mail',
    ]);
  });

  it("refuses the call under plainFunctions: 'refuse'", async () => {
    const { within } = await start('refuse');
    const error = await within(() => new Channel('sms').tell()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AirlockOptionsError);
    expect((error as Error).message).toMatch('`Channel.tell` is not a `@SideEffect()` method');
    expect(sent).toEqual([]);
  });
});
