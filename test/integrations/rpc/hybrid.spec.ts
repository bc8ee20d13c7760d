import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Module,
  type NestInterceptor,
  type Type,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { AirlockModule, AirlockService, currentScope, EffectBuffer } from 'nestjs-airlock';
import { drain, recorderOf, waitForEffect } from 'nestjs-airlock/testing';
import type { AddressInfo, Server } from 'node:net';
import { lastValueFrom, type Observable } from 'rxjs';
import {
  CANCELLED,
  checkAfterEach,
  COMPLETED,
  Effects,
  gate,
  Log,
  moduleOf,
  recorded,
  until,
} from '../../e2e/http/fixtures.js';

/** Scopes around the code that asks, innermost first. */
function scopes(): readonly (string | undefined)[] {
  const names: (string | undefined)[] = [];
  for (let scope = currentScope(); scope !== undefined; scope = scope.parent)
    names.push(scope.name);
  return names;
}

/** Which scopes enhancers stood in. */
const seen: (readonly [where: string, scopes: readonly unknown[]])[] = [];

class Inner implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    seen.push(['interceptor', scopes()]);
    return next.handle();
  }
}

const guard = {
  canActivate(): boolean {
    seen.push(['guard', scopes()]);
    return true;
  },
};

@Controller()
@UseInterceptors(Inner)
class Orders {
  constructor(readonly effects: Effects) {}

  @Get('place')
  @MessagePattern('place')
  place(): readonly unknown[] {
    this.effects.one('placed');
    return scopes();
  }

  @MessagePattern('guarded')
  @UseGuards(guard)
  guarded(): readonly unknown[] {
    return scopes();
  }

  @EventPattern({ event: 'paid' })
  async paid(): Promise<void> {
    this.effects.all();
    await atWork.passed;
  }

  @EventPattern({ event: 'paid' })
  alsoPaid({ fails }: { fails: boolean }): void {
    this.effects.one('book entry');
    if (fails) throw new Error('cannot keep the books');
  }
}

@Controller()
class WithoutEffects {
  @MessagePattern('look')
  look(): readonly unknown[] {
    return scopes();
  }
}

let atWork = gate();

const options = (): MicroserviceOptions => ({
  transport: Transport.TCP,
  options: { port: 0, host: '127.0.0.1' },
});
const close: (() => unknown)[] = [];

/**
 * A hybrid application with two microservices, the second of which inherits its global enhancers.
 */
async function start(module: Type) {
  const log = new Log();
  const app: INestApplication = await NestFactory.create(module, { logger: log });
  const services = [false, true].map((inheritAppConfig) =>
    app.connectMicroservice(options(), { inheritAppConfig }),
  );
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const clients = services.map((service) => {
    const { port } = service.unwrap<Server>().address() as AddressInfo;
    return ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { port, host: '127.0.0.1' },
    });
  });
  close.push(() => app.close(), ...clients.map((client) => () => client.close() as unknown));
  const send = (pattern: string) =>
    Promise.all(clients.map((one) => lastValueFrom(one.send<unknown>(pattern, {}))));
  const emit = (pattern: object, data: object) =>
    lastValueFrom(clients[0]!.emit(pattern, data), { defaultValue: undefined });
  const get = async (path: string): Promise<unknown> =>
    (await fetch(`${await app.getUrl()}${path}`)).json();
  return { app, log, send, emit, get };
}

checkAfterEach();
beforeEach(() => {
  atWork = gate();
  seen.length = 0;
});
afterEach(async () => {
  for (const one of close.splice(0).toReversed()) await one();
});

const hybrid = (): Type =>
  moduleOf({ imports: [AirlockModule.forRoot()], controllers: [Orders, WithoutEffects] });

describe('when a handler takes requests, and messages of two microservices', () => {
  it('opens one scope for each, whichever of them it comes from', async () => {
    const { app, send, get } = await start(hybrid());
    expect(await get('/place')).toEqual(['Orders.place']);
    expect(await send('place')).toEqual([['Orders.place'], ['Orders.place']]);
    expect(app.get(Effects).outbox.sent).toEqual(['placed', 'placed', 'placed']);
    expect(await send('look')).toEqual([['WithoutEffects.look'], ['WithoutEffects.look']]);
  });

  it('stands around the interceptors of its class, and inside its guards', async () => {
    const { send } = await start(hybrid());
    await send('guarded');
    const inner = ['interceptor', ['Orders.guarded']];
    expect(seen.filter(([where]) => where === 'interceptor')).toEqual([inner, inner]);
    expect(seen.filter(([where]) => where === 'guard')).toEqual([
      ['guard', []],
      ['guard', []],
    ]);
  });

  it('is explained once under each of the two', async () => {
    const { app } = await start(hybrid());
    const covered = app.get(AirlockService).explain().boundaries;
    const of = (boundary: string) => covered.find(({ name }) => name === boundary)!.entryPoints;
    expect(of('http')).toEqual(['Orders.place']);
    expect(of('rpc')).toEqual([
      'Orders.place',
      'Orders.guarded',
      'Orders.paid',
      'Orders.alsoPaid',
      'WithoutEffects.look',
    ]);
  });
});

describe('when several handlers take one event', () => {
  it('is a scope for each of them', async () => {
    const { app, emit } = await start(hybrid());
    recorded(app);
    const { sent } = app.get(Effects).outbox;
    await emit({ event: 'paid' }, { fails: false });
    await waitForEffect(app, 'book entry');
    expect(sent).toEqual(['book entry']);
    atWork.open();
    await drain(app);
    expect(sent).toEqual(['book entry', ...COMPLETED.out]);
  });

  it('cancels those that are still at work where one fails, since Nest waits for them no longer', async () => {
    const { app, emit } = await start(hybrid());
    recorded(app);
    await emit({ event: 'paid' }, { fails: true });
    await until(() => recorderOf(app).dropped.some(({ intent }) => intent.name === 'book entry'));
    await drain(app);
    expect(app.get(Effects).outbox.sent).toEqual(CANCELLED.out);
    atWork.open();
  });
});

describe('when applications share a controller', () => {
  it('gives each its own scopes, and those without Airlock none', async () => {
    const [first, second] = [await start(hybrid()), await start(hybrid())];
    @Module({ controllers: [WithoutEffects] })
    class Plain {}
    const plain = await start(Plain);
    const answers = await Promise.all([
      first.send('place'),
      second.send('place'),
      plain.send('look'),
    ]);
    expect(answers).toEqual([
      [['Orders.place'], ['Orders.place']],
      [['Orders.place'], ['Orders.place']],
      [[], []],
    ]);
    for (const { app } of [first, second]) {
      expect(app.get(Effects).outbox.sent).toEqual(['placed', 'placed']);
      expect(app.get(EffectBuffer).isActive).toBe(false);
    }
  });
});
