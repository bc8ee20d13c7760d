import {
  Controller,
  type DynamicModule,
  type INestApplicationContext,
  Inject,
  Injectable,
  type InjectionToken,
  Module,
  type OnModuleInit,
  Param,
  Post,
  Scope,
  type Type,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { AirlockOptionsError, AirlockService, type Executor } from 'nestjs-airlock';
import { boot, checkAfterEach, Effects, listen } from '../e2e/http/fixtures.js';
import { describeWith, postgres } from '../servers.js';
import { errorOf } from '../unit/core/fixtures.js';

/** A client on a table of orders of its own. */
export interface OpenedClient<Client> {
  readonly client: Client;
  close(): Promise<unknown>;
}

/** A module that tracks the transactions of clients, and what is needed to try it. */
export interface FramesModule<Client extends object> {
  readonly name: string;
  readonly forRoot: (options?: {
    readonly name?: string;
    readonly optional?: boolean;
    readonly [option: string]: unknown;
  }) => DynamicModule;
  /** What names the client under a token. @default `{ token }` */
  readonly named?: (token: InjectionToken) => Readonly<Record<string, unknown>>;
  /** The errors for no client, and for what is none. */
  readonly notFound: string;
  readonly expected: string;
  open(): Promise<OpenedClient<Client>>;
  readonly items: (client: Client) => Promise<readonly unknown[]>;
  /** Inserts an item in a transaction that then does the work. */
  readonly transaction: (
    client: Client,
    item: string,
    work: () => Promise<void>,
  ) => Promise<unknown>;
  /**
   * False where clients are found by the token they have, which then has to be this. @default true
   */
  readonly tokens?: () => readonly [shop: InjectionToken, audit: InjectionToken];
  /** Options by which clients are covered where none is there at the start. @default none */
  readonly forLater?: () => object;
  /** Whether the client is that of the peer, which an application finds by its name. @default true */
  readonly isInstalledAsPeer?: boolean;
  /** Whether all clients of a class are covered as soon as one is. @default false */
  readonly isByClass?: boolean;
}

const SHOP = Symbol('SHOP');
const AUDIT = Symbol('AUDIT');
const refuse = (): never => {
  throw new Error('no stock');
};

export interface FramesModuleTools<Client> {
  /** Two clients that are providers. */
  readonly shop: () => Client;
  readonly audit: () => Client;
  readonly clients: () => Type;
  /** A further client, which nobody is told of. */
  readonly open: () => Promise<Client>;
  /** Runs a transaction that fails, and its error is swallowed. @returns what got out of it */
  readonly outOf: (app: INestApplicationContext, client: Client) => Promise<readonly string[]>;
}

/** The cases that all modules have in common. @param more those of this one */
export function describeFramesModule<Client extends object>(
  row: FramesModule<Client>,
  more: (tools: FramesModuleTools<Client>) => void = () => {},
): void {
  const { forRoot, transaction, items, named = (token: InjectionToken) => ({ token }) } = row;
  const { isInstalledAsPeer = true, isByClass = false } = row;
  const NOT_TRACKED = ['inside'];

  checkAfterEach();

  describeWith(postgres, row.name, () => {
    const opened: OpenedClient<Client>[] = [];
    let shop: Client;
    let audit: Client;
    const open = async (): Promise<Client> => {
      opened.push(await row.open());
      return opened.at(-1)!.client;
    };
    beforeEach(async () => {
      [shop, audit] = [await open(), await open()];
    });
    afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())));

    const [shopToken, auditToken] = row.tokens?.() ?? [SHOP, AUDIT];
    const clients = () => {
      @Module({
        providers: [
          { provide: shopToken, useFactory: async () => Promise.resolve(shop) },
          { provide: auditToken, useFactory: () => audit },
        ],
        exports: [shopToken, auditToken],
      })
      class ClientsModule {}
      return ClientsModule;
    };
    const outOf: FramesModuleTools<Client>['outOf'] = async (app, client) => {
      const effects = app.get(Effects, { strict: false });
      effects.outbox.sent.length = 0;
      await app.get(AirlockService).run(() =>
        errorOf(() =>
          transaction(client, 'unicorn', async () => {
            effects.one('inside');
            refuse();
          }),
        ),
      );
      return [...effects.outbox.sent];
    };

    @Controller('orders')
    class OrdersController {
      constructor(
        @Inject(shopToken) private readonly shop: Client,
        @Inject(auditToken) private readonly audit: Client,
        @Inject(Effects) private readonly effects: Effects,
      ) {}

      @Post(':item')
      async place(@Param('item') item: string): Promise<string> {
        this.effects.one('received');
        try {
          await transaction(this.shop, item, async () => {
            this.effects.one('mail');
            await transaction(this.audit, `tried ${item}`, async () => this.effects.one('audit'));
            if (item === 'unicorn') refuse();
          });
          return 'placed';
        } catch {
          return 'put on the waiting list';
        }
      }
    }

    it.each<[string, string, () => readonly DynamicModule[]]>([
      [
        'named',
        'before',
        () => [forRoot({ ...named(shopToken), name: 'shop' }), forRoot(named(auditToken))],
      ],
      ['found', 'after', () => [forRoot()]],
    ])(
      'tracks transactions of clients that are %s, imported %s their module',
      async (_how, place, modules) => {
        const imports = place === 'before' ? [...modules(), clients()] : [clients(), ...modules()];
        const { request, fate } = await listen(() => new ExpressAdapter(), {
          imports,
          controllers: [OrdersController],
        });

        expect(await request('/orders/tea', { method: 'POST' })).toMatchObject({
          status: 201,
          body: 'placed',
        });
        expect(await fate()).toEqual({ out: ['received', 'mail', 'audit'], dropped: [] });

        const answer = await request('/orders/unicorn', { method: 'POST' });
        expect(answer).toMatchObject({ status: 201, body: 'put on the waiting list' });
        expect(await fate()).toEqual({
          out: ['received', 'mail', 'audit', 'received', 'audit'],
          dropped: ['mail'],
        });

        expect(await items(shop)).toEqual(['tea']);
        expect(await items(audit)).toEqual(['tried tea', 'tried unicorn']);
      },
    );

    it('covers what a provider does while the application starts', async () => {
      @Injectable()
      class Seeder implements OnModuleInit {
        constructor(
          @Inject(AirlockService) private readonly airlock: AirlockService,
          @Inject(shopToken) private readonly client: Client,
          @Inject(Effects) private readonly effects: Effects,
        ) {}

        async onModuleInit(): Promise<void> {
          const seed = async (): Promise<void> => (this.effects.one('seeded'), refuse());
          await this.airlock.run(() => errorOf(() => transaction(this.client, 'tea', seed)));
        }
      }
      const { sent } = await boot({ imports: [clients(), forRoot()], providers: [Seeder] });
      expect(sent).toEqual([]);
    });

    describe('when no client is named', () => {
      it('gives a transactional executor nothing to be warned of', async () => {
        const executor: Executor = { transactional: true, execute() {} };
        const { log } = await boot({ imports: [clients(), forRoot()] }, { executor });
        expect(log.airlock('warn')).toEqual([]);
      });

      it('covers every other one, made before or after, as long as the application runs', async () => {
        const before = await open();
        const [one, none] = [await boot({ imports: [clients(), forRoot()] }), await boot({})];
        const after = await open();
        for (const client of [shop, audit, before, after])
          expect(await outOf(one.app, client)).toEqual([]);
        expect(one.log.airlock('warn')).toEqual([]);
        await one.app.close();
        expect(await outOf(none.app, await open())).toEqual(NOT_TRACKED);
      });

      it('lets out what is called in transactions of others that commit, once', async () => {
        const { app, sent } = await boot({ imports: [clients(), forRoot()] });
        const other = await open();
        const effects = app.get(Effects, { strict: false });
        await app
          .get(AirlockService)
          .run(() => transaction(other, 'tea', async () => effects.one('mail')));
        expect([sent, await items(other)]).toEqual([['mail'], ['tea']]);
      });

      it('covers one that a provider holds in a property', async () => {
        @Injectable()
        class Reports {
          readonly client = audit;
        }
        const { app } = await boot({ imports: [forRoot()], providers: [Reports] });
        expect(await outOf(app, audit)).toEqual([]);
      });

      (isInstalledAsPeer ? describe : describe.skip)(
        'and none is there at the start, for each tenant has one of its own',
        () => {
          const optional = () => forRoot({ ...row.forLater?.(), optional: true });

          it('covers one that is made for a request', async () => {
            const perRequest = { provide: 'TENANT', scope: Scope.REQUEST, useFactory: open };
            const { app } = await boot({ imports: [optional()], providers: [perRequest] });
            expect(await outOf(app, await app.resolve<Client>('TENANT'))).toEqual([]);
          });

          it('covers them all, made before or after, as long as an application wants it', async () => {
            const before = await open();
            const [one, other, none] = [
              await boot({ imports: [optional()] }),
              await boot({ imports: [optional()] }),
              await boot({}),
            ];
            const after = await open();
            for (const client of [before, after]) expect(await outOf(one.app, client)).toEqual([]);
            await one.app.close();
            expect(await outOf(none.app, after)).toEqual([]);
            await other.app.close();
            expect(await outOf(none.app, await open())).toEqual(NOT_TRACKED);
          });

          it('gives a transactional executor nothing to be warned of', async () => {
            const executor: Executor = { transactional: true, execute() {} };
            const { log } = await boot({ imports: [optional()] }, { executor });
            expect(log.airlock('warn')).toEqual([]);
          });
        },
      );

      it('refuses to start without any, unless clients are optional', async () => {
        const error = await errorOf(() => boot({ imports: [forRoot()] }));
        expect(error).toBeInstanceOf(AirlockOptionsError);
        expect(error.message).toContain(`${row.name} found no ${row.notFound} in the application`);
        expect(error.message).toContain('`optional: true`');
        await expect(boot({ imports: [forRoot({ optional: true })] })).resolves.toBeDefined();
      });
    });

    describe('when a client is named by its token', () => {
      it(`is ${isByClass ? 'covered with all of its class' : 'the only one that is covered'}`, async () => {
        const { app } = await boot({ imports: [clients(), forRoot(named(shopToken))] });
        expect(await outOf(app, shop)).toEqual([]);
        expect(await outOf(app, audit)).toEqual(isByClass ? [] : NOT_TRACKED);
      });

      it.each<[string, object]>([
        ['that nobody provides', {}],
        [
          'of what is request-scoped',
          { providers: [{ provide: 'IT', scope: Scope.REQUEST, useFactory: () => ({}) }] },
        ],
      ])('refuses to start with a token %s, and names it', async (_name, metadata) => {
        const error = await errorOf(() => boot({ ...metadata, imports: [forRoot(named('IT'))] }));
        expect(error).toBeInstanceOf(AirlockOptionsError);
        expect(error.message).toContain(
          `${row.name} found no provider \`IT\` in the application that is a singleton`,
        );
      });

      it.each([false, true])(
        'refuses what is something else, where clients are optional: %s',
        async (optional) => {
          const parts = {
            imports: [forRoot({ ...named('IT'), optional })],
            providers: [{ provide: 'IT', useValue: {} }],
          };
          const error = await errorOf(() => boot(parts));
          expect(error).toBeInstanceOf(AirlockOptionsError);
          expect(error.message).toContain(row.expected);
        },
      );

      it('starts without it where clients are optional', async () => {
        const { app, sent } = await boot({
          imports: [forRoot({ ...named('NOWHERE'), optional: true })],
        });
        await app.get(AirlockService).run(() => app.get(Effects, { strict: false }).one('mail'));
        expect(sent).toEqual(['mail']);
      });
    });

    more({ shop: () => shop, audit: () => audit, clients, open, outOf });
  });
}
