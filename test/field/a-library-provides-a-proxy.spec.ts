import { Inject, Injectable } from '@nestjs/common';
import {
  AirlockModule,
  type AirlockModuleOptions,
  AirlockService,
  BlockTasks,
  EffectBuffer,
  SideEffect,
} from 'nestjs-airlock';
import { ClsModule, ClsService, InjectableProxy } from 'nestjs-cls';
import { bootModule, checkAfterEach, moduleOf } from '../e2e/http/fixtures.js';

/** One for each request, behind a proxy that is provided once. */
@InjectableProxy({ strict: true })
class TenantMail {
  tenant = '';
  @SideEffect()
  async send(text: string): Promise<void> {
    sent.push(`${this.tenant}: ${text}`);
    await Promise.resolve();
  }
}
const sent: string[] = [];

@Injectable()
class Orders {
  constructor(
    @Inject(TenantMail) readonly mail: TenantMail,
    @Inject(EffectBuffer) readonly effects: EffectBuffer,
  ) {}
  async place(tenant: string): Promise<void> {
    this.mail.tenant = tenant;
    await this.mail.send('placed');
    this.effects.defer(this.mail).send('deferred');
  }
}

const cls = [ClsModule.forRoot({ global: true }), ClsModule.forFeature(TenantMail)];

async function shop(options: AirlockModuleOptions) {
  const imports = [AirlockModule.forRoot(options), ...cls];
  const { app, log } = await bootModule(moduleOf({ imports, providers: [Orders] }));
  const context = app.get(ClsService);
  const asTenant = async (work: () => Promise<void>): Promise<void> =>
    context.run(async () => {
      await context.proxy.resolve();
      await work();
    });
  return { orders: app.get(Orders), airlock: app.get(AirlockService), asTenant, log };
}

describe('when a library provides a proxy of a class with effects', () => {
  checkAfterEach();
  beforeEach(() => void (sent.length = 0));

  it('runs each effect on the instance that it was called on, under the name of the class', async () => {
    const { orders, airlock, asTenant } = await shop({});
    const names = new Set<string>();
    const place = async (tenant: string): Promise<void> =>
      asTenant(async () =>
        airlock.run(async () => {
          await orders.place(tenant);
          for (const { name } of orders.effects.intents) names.add(name);
        }),
      );
    await Promise.all([place('acme'), place('umbrella')]);
    expect(sent.toSorted()).toEqual([
      'acme: deferred',
      'acme: placed',
      'umbrella: deferred',
      'umbrella: placed',
    ]);
    expect([...names]).toEqual(['TenantMail.send']);
  });

  it('knows its effects by name, and whose they are outside a scope', async () => {
    const policy = new BlockTasks(['TenantMail.send']);
    const { orders, airlock, asTenant, log } = await shop({ policy, outsideScope: 'drop' });
    await asTenant(async () => airlock.run(async () => orders.place('acme')));
    await asTenant(async () => orders.mail.send('in no scope'));
    expect([sent, log.airlock('warn')]).toEqual([[], []]);
  });
});
