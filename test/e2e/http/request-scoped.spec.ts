import {
  type ContextId,
  ContextIdFactory,
  type ContextIdStrategy,
  type HostComponentInfo,
  REQUEST,
} from '@nestjs/core';
import { Controller, Get, Inject, Injectable, Scope } from '@nestjs/common';
import { AirlockService, SideEffect } from 'nestjs-airlock';
import { checkAfterEach, delay, Effects, listen, Outbox, platforms } from './fixtures.js';

interface Request {
  readonly url: string;
  readonly headers: Record<string, string>;
}

@Injectable({ scope: Scope.REQUEST })
class RequestMail {
  constructor(
    @Inject(REQUEST) private readonly request: Request,
    private readonly outbox: Outbox,
  ) {}
  @SideEffect()
  async send(): Promise<void> {
    await Promise.resolve();
    this.outbox.sent.push(`mail of ${this.request.url}`);
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientMail {
  constructor(private readonly outbox: Outbox) {}
  @SideEffect({ on: 'always' })
  async send(): Promise<void> {
    this.outbox.sent.push('transient mail');
    await Promise.resolve();
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Tenant {
  calls = 0;
  constructor(
    @Inject(REQUEST) readonly payload: { readonly tenant: string },
    private readonly outbox: Outbox,
  ) {}
  @SideEffect()
  async bill(): Promise<void> {
    await Promise.resolve();
    this.outbox.sent.push(`bill ${++this.calls} of ${this.payload.tenant}`);
  }
}

@Injectable()
class Singleton {
  static built = 0;
  constructor(readonly effects: Effects) {
    Singleton.built++;
  }
}

@Controller('scoped')
class ScopedController {
  constructor(
    private readonly mail: RequestMail,
    private readonly transient: TransientMail,
    private readonly singleton: Singleton,
  ) {}
  @Get(':id')
  async get() {
    await this.mail.send();
    await delay(2);
    this.singleton.effects.one('singleton');
    await this.transient.send();
    return 'done';
  }
  @Get(':id/fail')
  async fail() {
    await this.mail.send();
    await this.transient.send();
    throw new Error('failed');
  }
}

@Controller('durable')
class DurableController {
  constructor(private readonly tenant: Tenant) {}
  @Get()
  async get() {
    await this.tenant.bill();
    return this.tenant.payload.tenant;
  }
}

class ByTenant implements ContextIdStrategy {
  private readonly trees = new Map<string, ContextId>();
  attach(contextId: ContextId, request: Request) {
    const tenant = request.headers['x-tenant'];
    if (tenant === undefined) return () => contextId;
    let tree = this.trees.get(tenant);
    if (tree === undefined) this.trees.set(tenant, (tree = ContextIdFactory.create()));
    const durable = tree;
    return {
      resolve: (info: HostComponentInfo) => (info.isTreeDurable ? durable : contextId),
      payload: { tenant },
    };
  }
}

const parts = {
  controllers: [ScopedController, DurableController],
  providers: [RequestMail, TransientMail, Tenant, Singleton],
};

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();

  describe('when a handler belongs to a request-scoped controller', () => {
    it('buffers @SideEffect calls of its request-scoped provider with the provider of that request', async () => {
      const server = await listen(platform, parts);
      const ids = [1, 2, 3, 4, 5];
      await Promise.all(ids.map((id) => server.request(`/scoped/${id}`)));
      const { out } = await server.fate();
      expect(out.filter((text) => text.startsWith('mail')).sort()).toEqual(
        ids.map((id) => `mail of /scoped/${id}`),
      );
      expect(out.filter((text) => text === 'singleton')).toHaveLength(5);
      expect(out.filter((text) => text === 'transient mail')).toHaveLength(5);
    });

    it('drops them where the handler fails', async () => {
      const server = await listen(platform, parts);
      expect((await server.request('/scoped/1/fail')).status).toBe(500);
      expect(await server.fate()).toEqual({
        out: ['transient mail'],
        dropped: ['RequestMail.send'],
      });
    });

    it('lists their effects in explain()', async () => {
      const server = await listen(platform, parts);
      const names = server.app
        .get(AirlockService)
        .explain()
        .effects.map(({ name }) => name);
      expect(names.sort()).toEqual(['RequestMail.send', 'Tenant.bill', 'TransientMail.send']);
    });
  });

  describe('when a provider is durable', () => {
    it('buffers its @SideEffect calls on the instance of the tenant', async () => {
      ContextIdFactory.apply(new ByTenant());
      const server = await listen(platform, parts);
      for (const tenant of ['red', 'blue', 'red']) {
        expect((await server.request('/durable', { headers: { 'x-tenant': tenant } })).body).toBe(
          tenant,
        );
      }
      expect((await server.fate()).out).toEqual([
        'bill 1 of red',
        'bill 1 of blue',
        'bill 2 of red',
      ]);
    });
  });

  describe('when a singleton injects EffectBuffer', () => {
    it('stays a singleton', async () => {
      const server = await listen(platform, parts);
      const before = Singleton.built;
      await server.request('/scoped/1');
      await server.request('/scoped/2');
      expect(Singleton.built).toBe(before);
    });
  });
});
