import { AirlockOptionsError, enqueue, type Executor, runInScope } from 'nestjs-airlock';
import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { airlockMatchers, captureEffects } from 'nestjs-airlock/testing';
import { describeWith, postgres } from '../../servers.js';
import { checkAfterEach, errorOf, send, sent, texts } from '../../unit/core/fixtures.js';
import { describeNested, itemsOf, openPrisma } from './fixtures.js';
import { MAJORS, type OrdersClient } from './generated.js';

expect.extend(airlockMatchers);
checkAfterEach();

/** Tells of each order that is made, as an audit log would. */
const audited = {
  query: {
    order: {
      async create({
        args,
        query,
      }: {
        args: { data: { item: string } };
        query: (args: unknown) => Promise<unknown>;
      }) {
        enqueue(send, `ordering ${args.data.item}`);
        const order = await query(args);
        enqueue(send, `ordered ${args.data.item}`);
        return order;
      },
    },
  },
};

/** `order.place()`, which is a transaction wherever it is called. */
const placing = {
  model: {
    order: {
      async place(this: object, item: string) {
        await (this as { $parent: OrdersClient }).$parent.$transaction(async (tx) => {
          await tx.order.create({ data: { item } });
          enqueue(send, `placed ${item}`);
          if (item === 'nothing') throw new Error('no stock');
        });
      },
    },
  },
};
const place = (item: string, client: OrdersClient) =>
  (client.order as unknown as { place(item: string): Promise<void> }).place(item);

describeWith(postgres, 'trackPrismaTransactions', () => {
  describe.each(MAJORS)('on %s', (_name, major) => {
    let opened: Awaited<ReturnType<typeof openPrisma>>;
    let prisma: OrdersClient;

    beforeAll(async () => {
      opened = await openPrisma(major);
      prisma = trackPrismaTransactions(opened.prisma);
    });
    beforeEach(async () => {
      await prisma.$executeRawUnsafe('delete from orders');
    });
    afterAll(() => opened.close());

    const order = (item: string, client = prisma) => client.order.create({ data: { item } });

    describe('when a client is given twice', () => {
      it('keeps one frame for each of its transactions', () => {
        const kept: unknown = Reflect.get(prisma, '$transaction');
        expect(trackPrismaTransactions(prisma)).toBe(prisma);
        expect(Reflect.get(prisma, '$transaction')).toBe(kept);
        const derived = prisma.$extends({});
        const its: unknown = Reflect.get(derived, '$transaction');
        expect(Reflect.get(trackPrismaTransactions(derived), '$transaction')).toBe(its);
      });
    });

    describe('when a transaction has options', () => {
      it('hands them on, and what the callback returns', async () => {
        const level = await prisma.$transaction(
          async (tx) => {
            const [row] = await tx.$queryRawUnsafe<{ level: string }[]>(
              `select current_setting('transaction_isolation') as level`,
            );
            return row!.level;
          },
          { isolationLevel: 'Serializable' },
        );
        expect(level).toBe('serializable');
      });
    });

    describe('when an array of queries is a transaction', () => {
      it('lets out what query extensions call in it after its COMMIT', async () => {
        const extended = prisma.$extends(audited);
        await runInScope(async () => {
          const orders = await extended.$transaction([
            order('tea', extended),
            order('cups', extended),
          ]);
          expect(orders).toMatchObject([{ item: 'tea' }, { item: 'cups' }]);
          expect(sent).toEqual([]);
        });
        expect([...sent].sort()).toEqual([
          'ordered cups',
          'ordered tea',
          'ordering cups',
          'ordering tea',
        ]);
        expect(await itemsOf(prisma)).toEqual(['cups', 'tea']);
      });

      it('drops it where one of them fails', async () => {
        const extended = prisma.$extends(audited);
        const captured = await captureEffects(async () => {
          await errorOf(() =>
            extended.$transaction([order('tea', extended), order('tea', extended)]),
          );
          enqueue(send, 'an apology');
        });
        expect(captured).toHaveDropped(send, { args: ['ordering tea'], reason: 'rollback' });
        expect(texts(captured.dispatched)).toEqual(['an apology']);
        expect(await itemsOf(prisma)).toEqual([]);
      });

      it('has a transactional executor write after it, on its own: there is no moment before', async () => {
        const written: unknown[] = [];
        const executor: Executor = {
          transactional: true,
          execute: (intent) => void written.push(intent.args[0]),
        };
        const extended = prisma.$extends(audited);
        await runInScope({ executor }, () => extended.$transaction([order('tea', extended)]));
        expect(written).toEqual(['ordering tea', 'ordered tea']);
      });
    });

    describeNested(
      major,
      'when an extension begins a transaction of the client that it extends, called on one of a transaction',
      () => {
        it.each([
          ['the client before the extension is kept', () => prisma.$extends(placing)],
          ['another extension comes after it', () => prisma.$extends(placing).$extends(audited)],
        ])('is a savepoint of it: %s', async (_, clientOf) => {
          const extended = clientOf();
          await runInScope(async () => {
            await errorOf(() =>
              extended.$transaction(async (tx) => {
                await place('tea', tx);
                throw new Error('no stock');
              }),
            );
            await extended.$transaction(async (tx) => {
              await place('cups', tx);
              await errorOf(() => place('nothing', tx));
              await tx.$transaction((inner) => place('milk', inner));
              expect(sent).toEqual([]);
            });
          });
          expect(sent.filter((text) => text.startsWith('placed'))).toEqual([
            'placed cups',
            'placed milk',
          ]);
          expect(await itemsOf(prisma)).toEqual(['cups', 'milk']);
        });

        it('is refused beside another', async () => {
          const extended = prisma.$extends(placing);
          await runInScope(async () => {
            const error = await errorOf(() =>
              extended.$transaction(async (tx) => {
                await Promise.all([place('tea', tx), place('cups', tx)]);
              }),
            );
            // By Prisma itself.
            expect(error.message).toMatch(/concurrent nested/i);
          });
          expect(sent).toEqual([]);
          expect(await itemsOf(prisma)).toEqual([]);
        });

        it('is a transaction where the client is that of none', async () => {
          await runInScope(async () => {
            await place('tea', prisma.$extends(placing));
            await errorOf(() => place('nothing', prisma.$extends(placing)));
          });
          expect(sent).toEqual(['placed tea']);
        });
      },
    );

    describe('when only an extended client is kept', () => {
      it.each([
        ['then', (client: OrdersClient) => client],
        [
          'and the one before it later',
          (client: OrdersClient, base: OrdersClient) => (trackPrismaTransactions(base), client),
        ],
      ])('tracks the transactions of the one before it: %s', async (_, prepare) => {
        const other = await openPrisma(major);
        try {
          const extended = prepare(
            trackPrismaTransactions(other.prisma.$extends(placing)),
            other.prisma,
          );
          await runInScope(async () => {
            await extended.$transaction(async (tx) => {
              await errorOf(() => place('nothing', tx));
            });
            await errorOf(() =>
              extended.$transaction(async (tx) => {
                await place('tea', tx);
                throw new Error('no stock');
              }),
            );
          });
          expect(sent).toEqual([]);
          expect(await itemsOf(other.prisma)).toEqual([]);
        } finally {
          await other.close();
        }
      });
    });

    describe('when an extension has a `$transaction` of its own', () => {
      it('is kept, and what it extends is left alone', async () => {
        const other = await openPrisma(major);
        try {
          const $transaction = (work: (tx: OrdersClient) => Promise<unknown>) =>
            other.prisma.$transaction(work);
          const unkept: unknown = Reflect.get(other.prisma, '$transaction');
          const extended = trackPrismaTransactions(
            other.prisma.$extends({ client: { $transaction } }),
          );
          await runInScope(async () => {
            await errorOf(() =>
              extended.$transaction(async () => {
                enqueue(send, 'tea');
                throw new Error('no stock');
              }),
            );
          });
          expect(sent).toEqual([]);
          expect(Reflect.get(other.prisma, '$transaction')).toBe(unkept);
        } finally {
          await other.close();
        }
      });

      it('drops what is undone by a failed statement whose error is swallowed, tracked beside what it extends or not', async () => {
        const other = await openPrisma(major);
        const $transaction = (work: (tx: OrdersClient) => Promise<unknown>) =>
          other.prisma.$transaction(work);
        const place = () =>
          runInScope(() =>
            trackPrismaTransactions(
              other.prisma.$extends({ client: { $transaction } }),
            ).$transaction(async (tx) => {
              enqueue(send, 'tea');
              await errorOf(() => tx.$executeRawUnsafe('select nothing from nowhere'));
            }),
          );
        try {
          await place();
          trackPrismaTransactions(other.prisma);
          await place();
          expect(sent).toEqual([]);
        } finally {
          await other.close();
        }
      });
    });

    describeNested(major, 'when an array of queries is run by the client of a transaction', () => {
      const extended = () => prisma.$extends(audited);

      it('makes what query extensions call share the fate of that transaction', async () => {
        await runInScope(async () => {
          await errorOf(() =>
            extended().$transaction(async (tx) => {
              await tx.$transaction([order('tea', tx)]);
              throw new Error('no stock');
            }),
          );
          await extended().$transaction(async (tx) => {
            await errorOf(() =>
              tx.$transaction(async (inner) => {
                await inner.$transaction([order('milk', inner)]);
                await tx.$transaction([order('sugar', tx)]);
                throw new Error('no stock');
              }),
            );
            await tx.$transaction([order('cups', tx)]);
            expect(sent).toEqual([]);
          });
        });
        expect(sent).toEqual(['ordering cups', 'ordered cups']);
        expect(await itemsOf(prisma)).toEqual(['cups']);
      });

      it('does so wherever its caller stands', async () => {
        const client = extended();
        await runInScope(() =>
          client.$transaction(async (tx) => {
            await errorOf(() =>
              client.$transaction(async () => {
                await tx.$transaction([order('tea', tx)]);
                throw new Error('no stock');
              }),
            );
          }),
        );
        expect(sent).toEqual(['ordering tea', 'ordered tea']);
        expect(await itemsOf(prisma)).toEqual(['tea']);
      });

      it('lets arrays run side by side', async () => {
        await runInScope(() =>
          extended().$transaction((tx) =>
            Promise.all([
              tx.$transaction([order('tea', tx)]),
              tx.$transaction([order('cups', tx)]),
            ]),
          ),
        );
        expect(sent).toHaveLength(4);
        expect(await itemsOf(prisma)).toEqual(['cups', 'tea']);
      });

      it('drops all where one of them fails and the error is swallowed', async () => {
        await runInScope(() =>
          extended().$transaction(async (tx) => {
            enqueue(send, 'begun');
            await errorOf(() => tx.$transaction([order('tea', tx), order('tea', tx)]));
          }),
        );
        expect(sent).toEqual([]);
        expect(await itemsOf(prisma)).toEqual([]);
      });

      it('is a transaction of its own, and of Prisma alone, for a client without extensions', async () => {
        await runInScope(() =>
          errorOf(() =>
            prisma.$transaction(async (tx) => {
              await tx.$transaction([order('tea', tx)]);
              throw new Error('no stock');
            }),
          ),
        );
        expect(await itemsOf(prisma)).toEqual(['tea']);
      });
    });

    describe('when a transactional executor writes', () => {
      it('is given the transaction as Prisma knows it', async () => {
        const executor: Executor = {
          transactional: true,
          execute: (intent, { tx }) =>
            order(`written for ${String(intent.args[0])}`, tx as OrdersClient),
        };
        await runInScope({ executor }, async () => {
          await prisma.$transaction(async () => enqueue(send, 'tea'));
          await errorOf(() =>
            prisma.$transaction(async () => {
              enqueue(send, 'cups');
              throw new Error('no stock');
            }),
          );
        });
        expect(await itemsOf(prisma)).toEqual(['written for tea']);
      });
    });

    describe('when query extensions call effects in a transaction with a callback', () => {
      it('makes them share its fate', async () => {
        const extended = prisma.$extends(audited);
        await runInScope(async () => {
          await errorOf(() =>
            extended.$transaction(async (tx) => {
              await order('tea', tx);
              throw new Error('no stock');
            }),
          );
          await extended.$transaction((tx) => order('cups', tx));
        });
        expect(sent).toEqual(['ordering cups', 'ordered cups']);
      });
    });

    describe('when a transaction takes longer than it may', () => {
      it('drops its effects', async () => {
        await runInScope(async () => {
          const error = await errorOf(() =>
            prisma.$transaction(
              async (tx) => {
                await order('tea', tx);
                enqueue(send, 'tea');
                await new Promise((resolve) => setTimeout(resolve, 300));
              },
              { timeout: 100 },
            ),
          );
          expect(error).toMatchObject({ code: 'P2028' });
        });
        expect(sent).toEqual([]);
        expect(await itemsOf(prisma)).toEqual([]);
      });
    });

    describe('when the error of a failed statement is swallowed', () => {
      it('resolves, as Prisma does, and drops what is undone', async () => {
        await runInScope(async () => {
          await prisma.$transaction(async (tx) => {
            await order('tea', tx);
            enqueue(send, 'tea');
            await errorOf(() => order('tea', tx));
          });
        });
        expect(await itemsOf(prisma)).toEqual([]);
        expect(sent).toEqual([]);
      });

      it('does so where a query extension swallows it, awaited or not', async () => {
        const lenient = prisma.$extends({
          query: {
            order: {
              create: async ({
                args,
                query,
              }: {
                args: object;
                query: (args: object) => Promise<unknown>;
              }) => {
                try {
                  return await query(args);
                } catch {
                  return null;
                }
              },
            },
          },
        });
        await runInScope(async () => {
          await lenient.$transaction(async (tx) => {
            await order('tea', tx);
            enqueue(send, 'tea');
            expect(await order('tea', tx)).toBeNull();
          });
          await lenient.$transaction(async (tx) => {
            await order('cups', tx);
            enqueue(send, 'cups');
            order('cups', tx).catch(() => {});
          });
        });
        expect(await itemsOf(prisma)).toEqual([]);
        expect(sent).toEqual([]);
      });
    });

    describe('when a transaction calls no effect', () => {
      it('sends no statement of its own', async () => {
        const backends = async (tx: OrdersClient) =>
          (await tx.$queryRawUnsafe<{ pid: number }[]>('select pg_backend_pid() as pid'))[0]!.pid;
        const last = (pid: number) =>
          prisma.$queryRawUnsafe<{ query: string }[]>(
            `select query from pg_stat_activity where pid = ${pid}`,
          );
        const other = await openPrisma(major);
        try {
          const pid = await trackPrismaTransactions(other.prisma).$transaction(backends);
          expect(await last(pid)).toEqual([{ query: 'COMMIT' }]);
        } finally {
          await other.close();
        }
      });
    });

    describe('when what is given is no client', () => {
      it.each([[undefined], [null], [{}], [{ $transaction: 1 }]])('refuses %p', (given) => {
        expect(() => trackPrismaTransactions(given as never)).toThrow(AirlockOptionsError);
      });
    });
  });
});
