import { Injectable, type LoggerService, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Agent, createServer, get, type RequestOptions, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  AirlockModule,
  type AirlockModuleOptions,
  AirlockOptionsError,
  AirlockService,
  EscapeError,
  openFrame,
  SideEffect,
} from 'nestjs-airlock';
import { checkAfterEach, errorOf, sent } from '../../core/fixtures.js';

checkAfterEach();

@Injectable()
class Mailer {
  async sendMail(to: string): Promise<void> {
    sent.push(`mail to ${to}`);
  }
}

@Injectable()
class Stock {
  reserve(): void {
    sent.push('reserved');
  }
}

@Injectable()
class Receipts {
  constructor(private readonly mailer: Mailer) {}
  @SideEffect()
  async send(to: string): Promise<void> {
    await this.mailer.sendMail(to);
  }
}

/** A mailer whose mails are effects. */
@Injectable()
class Letters {
  @SideEffect()
  async sendMail(to: string): Promise<void> {
    sent.push(`letter to ${to}`);
  }
}

describe('when escapes are looked for', () => {
  let shared: Mailer;
  let server: Server;
  let url: string;
  const asked: string[] = [];
  const warnings: string[] = [];
  const logger: LoggerService = {
    log: () => undefined,
    error: () => undefined,
    warn: (message: string) => void warnings.push(message),
  };

  beforeAll(async () => {
    server = createServer(({ method, url: path }, response) => {
      asked.push(`${method} ${path}`);
      response.end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());
  beforeEach(() => {
    asked.length = 0;
    warnings.length = 0;
    shared = new Mailer();
  });

  async function boot(detectEscapes: AirlockModuleOptions['detectEscapes']) {
    @Module({ providers: [{ provide: Mailer, useValue: shared }, Stock, Receipts, Letters] })
    class Feature {}
    const app = await Test.createTestingModule({
      imports: [AirlockModule.forRoot({ detectEscapes: detectEscapes! }), Feature],
    })
      .setLogger(logger)
      .compile();
    await app.init();
    return {
      app,
      airlock: app.get(AirlockService),
      mailer: app.get(Mailer),
      stock: app.get(Stock),
      receipts: app.get(Receipts),
      letters: app.get(Letters),
    };
  }
  const viaFetch = async (path: string): Promise<void> =>
    void (await (await fetch(url + path)).text());
  const viaNode = (path: string, options: RequestOptions = {}): Promise<void> =>
    new Promise((resolve, reject) => {
      get(url + path, { agent: new Agent(), ...options }, (response) =>
        response.resume().on('end', resolve),
      ).on('error', reject);
    });

  // Node's own client says nothing before the caller is off the stack, up to Node 22.12.
  const nodeTellsPlace = Number(process.versions.node.split('.')[0]) >= 22;
  it.each<[string, (path: string) => Promise<void>, string]>([
    ['fetch', viaFetch, ' at '],
    ['node:http', viaNode, nodeTellsPlace ? ' at ' : ', so'],
  ])('warns of %s in a scope, once per place, and lets it through', async (_, request, place) => {
    const { app, airlock } = await boot('warn');
    for (const path of ['/1', '/2']) await airlock.run({ name: 'request' }, () => request(path));
    await request('/outside');
    expect(asked).toEqual(['GET /1', 'GET /2', 'GET /outside']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(
      `GET ${new URL(url).host} was called directly inside scope "request"${place}`,
    );
    await app.close();
    await airlock.run(() => request('/closed')).catch(() => undefined);
    expect(warnings).toHaveLength(1);
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ['fetch', viaFetch],
    ['node:http', viaNode],
  ])('fails %s before anything is sent', async (_, request) => {
    const { app, airlock } = await boot('throw');
    const error = await errorOf(() => airlock.run({ name: 'request' }, () => request('/1')));
    // `fetch` wraps it, and knows no errors of other realms, as this test is one.
    const cause = (error.cause ?? error) as Error;
    expect(`${cause.name}: ${cause.message}`).toContain('EscapeError: GET');
    expect(asked).toEqual([]);
    await app.close();
  });

  it('fails a mail in a transaction outside any scope, by the name of both', async () => {
    const { app, mailer } = await boot('throw');
    const frame = openFrame({ name: 'orders' });
    const error = await errorOf<EscapeError>(() => frame.run(() => mailer.sendMail('ann')));
    expect(error).toMatchObject({
      code: 'AIRLOCK_ESCAPE',
      escape: 'Mailer.sendMail',
      inside: 'transaction "orders"',
    });
    frame.rollBack();
    expect(sent).toEqual([]);
    await app.close();
  });

  it('says nothing of calls that effects make', async () => {
    const { app, airlock, receipts } = await boot('throw');
    await airlock.run(() => receipts.send('ann'));
    expect(sent).toEqual(['mail to ann']);
    await app.close();
  });

  it('says nothing of a mailer whose mails are effects', async () => {
    const { app, airlock, letters } = await boot('throw');
    await airlock.run(() => letters.sendMail('ann'));
    expect(sent).toEqual(['letter to ann']);
    await app.close();
  });

  it('says nothing once the application is closed, of an instance that goes on', async () => {
    const { app } = await boot('throw');
    await app.close();
    const frame = openFrame();
    await frame.run(() => shared.sendMail('ann'));
    frame.rollBack();
    expect(sent).toEqual(['mail to ann']);
  });

  it('lets through each time what a pattern with the flag `g` allows', async () => {
    const { app, airlock, mailer } = await boot({ mode: 'throw', allow: [/mailer/gi] });
    for (const to of ['ann', 'bob', 'cid']) await airlock.run(() => mailer.sendMail(to));
    expect(sent).toEqual(['mail to ann', 'mail to bob', 'mail to cid']);
    await app.close();
  });

  it('knows the host of a request without such a header', async () => {
    const { app, airlock } = await boot({ mode: 'throw', allow: ['127.0.0.1'] });
    await airlock.run(() => viaNode('/1', { setHost: false, headers: { connection: 'close' } }));
    // Node's own server refuses it.
    expect(asked).toEqual([]);
    await app.close();
  });

  it('lets hosts and methods through that are allowed', async () => {
    const { app, airlock, mailer } = await boot({
      mode: 'throw',
      allow: ['127.0.0.1', /^Mailer\./],
    });
    await airlock.run(async () => {
      await viaFetch('/1');
      await mailer.sendMail('ann');
    });
    expect([asked, sent]).toEqual([['GET /1'], ['mail to ann']]);
    await app.close();
  });

  it('watches further methods of providers', async () => {
    const { app, airlock, stock } = await boot({
      mode: 'throw',
      watch: [{ token: Stock, methods: ['reserve'] }],
    });
    expect(await errorOf(() => airlock.run(() => stock.reserve()))).toMatchObject({
      escape: 'Stock.reserve',
    });
    stock.reserve();
    expect(sent).toEqual(['reserved']);
    await app.close();
  });

  it('touches nothing where it is switched off', async () => {
    const { app, mailer } = await boot(false);
    expect(Object.hasOwn(mailer, 'sendMail')).toBe(false);
    await app.close();
  });

  it.each<[unknown, string]>([
    ['shout', "Expected `detectEscapes` to be false, 'warn', 'throw' or an object of options"],
    [{ loud: true }, 'Unknown option `detectEscapes.loud`'],
    [{ mode: 'shout' }, "Expected `detectEscapes.mode` to be 'warn' or 'throw'"],
    [{ allow: 'localhost' }, 'Expected `detectEscapes.allow` to be an array of hosts and names'],
    [
      { watch: [{ token: 'nobody', methods: ['add'] }] },
      '`detectEscapes.watch` names the provider `nobody`',
    ],
    [{ watch: [{ token: Stock, methods: ['add'] }] }, 'but `Stock.add` is not a method'],
  ])('refuses %j at boot', async (detectEscapes, message) => {
    const error = await errorOf(() => boot(detectEscapes as never));
    expect(error).toBeInstanceOf(AirlockOptionsError);
    expect(error.message).toContain(message);
  });
});
