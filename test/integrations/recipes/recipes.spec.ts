// Recipes of the page that print nothing: those that have an output are run by test/readme.
import { type INestApplicationContext, Injectable, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AsyncLocalStorage } from 'node:async_hooks';
import {
  AirlockService,
  EffectBuffer,
  type Executor,
  type Policy,
  SideEffect,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { ClsModule, ClsService } from 'nestjs-cls';
import { checkAfterEach } from '../../unit/core/fixtures.js';
import { recipe } from './recipe.js';

checkAfterEach();

const { Flags, FlagPolicy } = recipe<{ Flags: Type; FlagPolicy: Type<Policy> }>('flags');
const { tenants, AppModule } = recipe<{ tenants: AsyncLocalStorage<string>; AppModule: Type }>(
  'carrier',
);
const { WaitUntilExecutor } = recipe<{
  WaitUntilExecutor: new (waitUntil: (work: Promise<unknown>) => void) => Executor;
}>('serverless');

const isOn = jest.fn<Promise<boolean>, [string]>();

@Injectable()
class Mail {
  readonly sent: string[] = [];

  @SideEffect()
  @UseAirlockPolicy(FlagPolicy)
  async sendReceipt(item: string): Promise<void> {
    this.sent.push(item);
  }
}

let app: INestApplicationContext;
let service: AirlockService;
let mail: Mail;

beforeAll(async () => {
  app = await Test.createTestingModule({
    imports: [AppModule],
    providers: [Mail, { provide: Flags, useValue: { isOn } }],
  }).compile();
  await app.init();
  service = app.get(AirlockService);
  mail = app.get(Mail);
});
afterAll(() => app.close());
beforeEach(() => {
  mail.sent.length = 0;
  isOn.mockReset().mockResolvedValue(true);
});

const order = (): Promise<void> =>
  service.run({ name: 'POST /orders' }, () => mail.sendReceipt('tea'));

describe('when a feature flag decides', () => {
  it.each([
    [true, ['tea']],
    [false, []],
  ])('asks for that of the effect, and lets out what is on (%s)', async (answer, sent) => {
    isOn.mockResolvedValue(answer);
    await order();
    expect(isOn.mock.calls).toEqual([['effects.Mail.sendReceipt']]);
    expect(mail.sent).toEqual(sent);
  });

  it('drops the effect and reports it as failed where the flag cannot be read', async () => {
    isOn.mockRejectedValue(new Error('no flags today'));
    await expect(order()).rejects.toThrow('no flags today');
    expect(mail.sent).toEqual([]);
  });
});

describe('when an alert listens for what a policy drops', () => {
  it('names policy, effect and unit of work, and hears of no other drop', async () => {
    const alert = jest.fn();
    const { stop } = recipe<{ stop: () => void }>('alert', { alert });
    isOn.mockResolvedValue(false);
    await order();
    await service
      .run(async () => {
        await mail.sendReceipt('milk');
        throw new Error('no');
      })
      .catch(() => {});
    stop();
    expect(alert.mock.calls).toEqual([['FlagPolicy stopped Mail.sendReceipt in POST /orders']]);
  });
});

describe('when the platform has a `waitUntil`', () => {
  it('is given the work that goes on after the flush, and told of what fails in it', async () => {
    const works: Promise<unknown>[] = [];
    const told = jest.spyOn(console, 'error').mockImplementation(() => {});
    const ended: string[] = [];
    let answer = (_text: string): void => {};
    const partner = new Promise<string>((resolve) => (answer = resolve));
    const tellPartner = async (): Promise<void> => void ended.push(await partner);
    const tellNobody = (): never => {
      throw new Error('nobody there');
    };

    const executor = new WaitUntilExecutor((work) => works.push(work));
    await service.run({ executor }, () => {
      app.get(EffectBuffer).enqueue(tellPartner);
      app.get(EffectBuffer).enqueue(tellNobody);
    });
    expect(ended).toEqual([]);
    answer('told');
    await Promise.all(works);
    expect(ended).toEqual(['told']);
    expect(told.mock.calls).toEqual([['tellNobody failed', new Error('nobody there')]]);
    told.mockRestore();
  });
});

describe('when an effect needs a value of its caller', () => {
  it('has that of its call by a carrier', async () => {
    const seen: unknown[] = [];
    await service.run(() => {
      for (const tenant of ['acme', 'umbrella'])
        tenants.run(tenant, () =>
          app.get(EffectBuffer).enqueue(() => seen.push(tenants.getStore())),
        );
    });
    expect(seen).toEqual(['acme', 'umbrella']);
  });

  it('has those of nestjs-cls that were named', async () => {
    const { AppModule } = recipe<{ AppModule: Type }>('carry');
    const shop = await Test.createTestingModule({
      imports: [ClsModule.forRoot({ global: true }), AppModule],
    }).compile();
    await shop.init();
    const cls = shop.get(ClsService);
    const seen: unknown[] = [];
    const see = (): unknown =>
      seen.push(['tenant', 'locale', 'token'].map((key) => cls.get<string>(key)));
    await shop.get(AirlockService).run(() =>
      cls.runWith({ tenant: 'acme', locale: 'de', token: 'secret' } as never, () => {
        shop.get(EffectBuffer).enqueue(see);
        cls.set('tenant' as never, 'changed after the call' as never);
      }),
    );
    expect(seen).toEqual([['acme', 'de', undefined]]);
    await shop.close();
  });
});
