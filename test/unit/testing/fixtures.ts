import {
  Controller,
  type INestApplicationContext,
  Inject,
  Injectable,
  Module,
  Param,
  Post,
} from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import {
  AirlockModule,
  type AirlockModuleOptions,
  EffectBuffer,
  type Intent,
  SideEffect,
} from 'nestjs-airlock';
import { airlockMatchers, type CapturedEffects } from 'nestjs-airlock/testing';
import { channel } from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { stripVTControlCharacters } from 'node:util';

export { errorOf } from '../core/fixtures.js';

expect.extend(airlockMatchers);

/** The outside world of one application. */
@Injectable()
export class Outbox {
  readonly sent: string[] = [];
}

/** Something that a plain function gets to the outside world through. */
export function notifyWarehouse(outbox: Outbox, orderId: number): void {
  outbox.sent.push(`warehouse ${orderId}`);
}

@Injectable()
export class MailService {
  constructor(@Inject(Outbox) readonly outbox: Outbox) {}

  @SideEffect()
  async sendReceipt(orderId: number, options: { readonly copy?: boolean } = {}): Promise<void> {
    await Promise.resolve();
    this.outbox.sent.push(`receipt ${orderId}${options.copy ? ' with a copy' : ''}`);
  }

  @SideEffect({ on: 'failure' })
  async apologise(orderId: number): Promise<void> {
    await Promise.resolve();
    this.outbox.sent.push(`apology ${orderId}`);
  }

  /** An effect that has another one. */
  @SideEffect()
  async welcome(name: string): Promise<void> {
    this.outbox.sent.push(`welcome ${name}`);
    await this.sendReceipt(0);
  }

  /** An effect that never comes to an end. */
  @SideEffect()
  async remind(day: number): Promise<void> {
    this.outbox.sent.push(`reminder ${day}`);
    await this.nag(day);
  }

  @SideEffect()
  async nag(day: number): Promise<void> {
    this.outbox.sent.push(`nagging ${day}`);
    await this.remind(day + 1);
  }

  @SideEffect({ name: 'broken mail' })
  async break(): Promise<void> {
    await Promise.resolve();
    throw new Error('SMTP is down');
  }
}

@Injectable()
export class OrderService {
  constructor(
    @Inject(MailService) private readonly mail: MailService,
    @Inject(EffectBuffer) private readonly effects: EffectBuffer,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  async place(orderId: number): Promise<string> {
    await this.mail.sendReceipt(orderId);
    this.effects.enqueue(notifyWarehouse, this.outbox, orderId);
    return `order ${orderId}`;
  }
}

@Controller('orders')
export class OrderController {
  constructor(
    @Inject(OrderService) private readonly orders: OrderService,
    @Inject(MailService) private readonly mail: MailService,
  ) {}

  @Post(':id')
  async place(@Param('id') id: string): Promise<string> {
    return this.orders.place(Number(id));
  }

  @Post(':id/refused')
  async refuse(@Param('id') id: string): Promise<void> {
    await this.orders.place(Number(id));
    await this.mail.apologise(Number(id));
    throw new Error('out of stock');
  }
}

const parts = { controllers: [OrderController], providers: [Outbox, MailService, OrderService] };

/** An application as a user has it. */
@Module({ imports: [AirlockModule.forRoot()], ...parts })
export class AppModule {}

/** The parts of one, and whatever airlock a test gives it. */
export function shop(
  airlock: NonNullable<Parameters<typeof Module>[0]['imports']>[number],
): TestingModuleBuilder {
  return Test.createTestingModule({ imports: [airlock], ...parts });
}

export function shopWith(options: AirlockModuleOptions = {}): TestingModuleBuilder {
  return shop(AirlockModule.forRoot(options));
}

const running: INestApplicationContext[] = [];

/** Closes it after the test. */
export function closing<A extends INestApplicationContext>(app: A): A {
  running.push(app);
  return app;
}

/** A compiled and initialised application of a builder. */
export async function booted(builder: TestingModuleBuilder) {
  const app = (await builder.compile()).createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  return closing(app);
}

/** A request through a socket, which carries no asynchronous context. */
export async function post(app: { getHttpServer(): Server }, path: string): Promise<number> {
  const { port } = app.getHttpServer().address() as { port: number };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { connection: 'close' },
  });
  await response.text();
  return response.status;
}

// The first application and the first request load what they need, for which a loaded machine may
// take seconds.
beforeAll(async () => {
  const app = await booted(shopWith());
  await post(app, '/orders/0');
  // Before the tests: an application waits at its end for a scope that one of them leaves open.
  await app.close();
}, 60_000);

const all = ['enqueue', 'dispatch', 'drop', 'fail', 'scope'].map((name) =>
  channel(`airlock:${name}`),
);
/**
 * Channels belong to the process: those on which a test file that ran before in it has left
 * somebody tell nothing here.
 */
const channels = all.filter((one) => !one.hasSubscribers);

/** Closes what a test started; whatever the kit subscribed to is let go of by then. */
export function checkAfterEach(): void {
  afterEach(async () => {
    for (const app of running.splice(0)) await app.close();
    expect(channels.filter((one) => one.hasSubscribers).map(({ name }) => name)).toEqual([]);
  });
}

/**
 * The text with which a matcher fails, without what differs between test runners: colours, and the
 * names of plain types in diffs.
 */
export function textOf(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    return stripVTControlCharacters((error as Error).message).replaceAll(
      /\b(?:Array|Object) (?=[[{])/g,
      '',
    );
  }
  throw new Error('Expected the assertion to fail, but it passed.');
}

export function names(intents: readonly Intent[]): string[] {
  return intents.map(({ name }) => name);
}

export function drops({ dropped }: CapturedEffects): string[] {
  return dropped.map(({ intent, reason }) => `${intent.name}: ${reason}`);
}

/** Resolves when it is told to. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
