import {
  enqueue,
  enqueueWith,
  trackTransactions,
  openFrame,
  openScope,
  runInScope,
  type TransactionFrame,
} from 'nestjs-airlock';
import { checkAfterEach, errorOf, send, sendSlowly, sent, texts } from '../fixtures.js';

checkAfterEach();

/**
 * What a client's own `transaction` does as far as frames can tell: resolves after COMMIT, rejects
 * after ROLLBACK.
 */
const transaction = trackTransactions(
  async <T>(callback: (tx: string) => Promise<T>): Promise<T> => callback('tx'),
  () => openFrame({ name: 'orders' }),
);

describe('when a transaction in a scope commits', () => {
  it('lets its effects out with the scope, in the order of their calls', async () => {
    await runInScope(async () => {
      enqueue(send, 'before');
      await transaction(async () => enqueue(send, 'inside'));
      enqueue(send, 'after');
      expect(sent).toEqual([]);
    });
    expect(sent).toEqual(['before', 'inside', 'after']);
  });

  it('returns what the callback returned, and hands it the transaction', async () => {
    await runInScope(async () =>
      expect(await transaction(async (tx) => `${tx} done`)).toBe('tx done'),
    );
  });

  it('drops its effects with a scope that fails later', async () => {
    await errorOf(() =>
      runInScope(async () => {
        await transaction(async () => enqueue(send, 'inside'));
        throw new Error('later');
      }),
    );
    expect(sent).toEqual([]);
  });
});

describe('when a transaction rolls back and the error is swallowed', () => {
  it('drops what was called inside it at once, and nothing else', async () => {
    await runInScope(async (scope) => {
      enqueue(send, 'before');
      await transaction(async () => {
        enqueue(send, 'inside');
        throw new Error('no stock');
      }).catch(() => {});
      expect(texts(scope.intents)).toEqual(['before']);
      enqueue(send, 'after');
    });
    expect(sent).toEqual(['before', 'after']);
  });

  it('says so in the report of the scope', async () => {
    const scope = openScope();
    await scope
      .run(() =>
        transaction(async () => (enqueue(send, 'inside'), Promise.reject(new Error('no')))),
      )
      .catch(() => {});
    const report = await scope.end('completed');
    expect(report.dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
      ['inside', 'rollback'],
    ]);
  });

  it('keeps a call that survives the rollback', async () => {
    await runInScope(async () => {
      await transaction(async () => {
        enqueueWith({ survivesRollback: true }, send, 'alarm');
        throw new Error('no stock');
      }).catch(() => {});
    });
    expect(sent).toEqual(['alarm']);
  });

  it('drops calls for failure too, unless they survive it', async () => {
    await errorOf(() =>
      runInScope(() =>
        transaction(async () => {
          enqueueWith({ on: 'failure' }, send, 'rolled back');
          enqueueWith({ on: 'failure', survivesRollback: true }, send, 'apology');
          throw new Error('no stock');
        }),
      ),
    );
    expect(sent).toEqual(['apology']);
  });

  it('drops what nested scopes in it handed up, and what a nested scope around it holds', async () => {
    await runInScope(async () => {
      await runInScope(async () => {
        await transaction(async () => {
          await runInScope(() => enqueue(send, 'deep'));
          throw new Error('no');
        }).catch(() => {});
        enqueue(send, 'kept');
      });
    });
    expect(sent).toEqual(['kept']);
  });

  it('takes no place in the buffer and no dedupe key away from the next try', async () => {
    let tries = 0;
    const retried = trackTransactions(
      async <T>(callback: (tx: undefined) => Promise<T>): Promise<T> => {
        for (;;) {
          try {
            return await callback(undefined);
          } catch (error) {
            if (tries === 3) throw error;
          }
        }
      },
      () => openFrame(),
    );
    await runInScope(async (scope) => {
      await retried(async () => {
        tries++;
        enqueueWith({ dedupeKey: 'order 7' }, send, `try ${tries}`);
        expect(texts(scope.intents)).toEqual([`try ${tries}`]);
        if (tries < 3) throw new Error('serialization failure');
      });
    });
    expect(sent).toEqual(['try 3']);
  });
});

describe('when a server has ended a transaction by itself', () => {
  const asked = jest.fn<Promise<boolean>, []>();
  const transaction = trackTransactions(
    <T>(callback: (tx: undefined) => Promise<T>): Promise<T> => callback(undefined),
    () => openFrame({ isStillOpen: asked }),
  );

  it('drops what was called in the transaction, which resolves', async () => {
    asked.mockResolvedValue(false);
    await runInScope(async () => {
      expect(await transaction(async () => (enqueue(send, 'inside'), 7))).toBe(7);
      enqueue(send, 'after');
    });
    expect(sent).toEqual(['after']);
  });

  it('drops what was called in savepoints of it too', async () => {
    asked.mockResolvedValue(false);
    const scope = openScope();
    await scope.run(async () => {
      let frame!: TransactionFrame;
      const own = trackTransactions(
        <T>(callback: (tx: undefined) => Promise<T>): Promise<T> => callback(undefined),
        () => (frame = openFrame({ isStillOpen: asked })),
      );
      await own(async () => {
        enqueue(send, 'before');
        const savepoint = frame.savepoint();
        savepoint.run(() => enqueue(send, 'in a savepoint'));
        await savepoint.commit();
      });
    });
    scope.close();
    const report = await scope.flush();
    expect(sent).toEqual([]);
    expect(report.dropped.map(({ reason }) => reason)).toEqual(['rollback', 'rollback']);
  });

  it('drops what outlives it, although only an effect was called that survives its rollback', async () => {
    asked.mockResolvedValue(false);
    let leftBehind!: Promise<void>;
    await runInScope(async () => {
      let end!: () => void;
      const ended = new Promise<void>((resolve) => (end = resolve));
      await transaction(async () => {
        enqueueWith({ survivesRollback: true }, send, 'survives');
        leftBehind = ended.then(() => enqueue(send, 'left behind'));
      });
      end();
      await leftBehind;
    });
    expect(sent).toEqual(['survives']);
  });

  it('is not asked where no effect was called in it', async () => {
    asked.mockClear();
    await runInScope(() => transaction(async () => 7));
    expect(asked).not.toHaveBeenCalled();
  });

  it('rejects with the error of the question', async () => {
    asked.mockRejectedValue(new Error('connection lost'));
    const error = await errorOf(() =>
      runInScope(() => transaction(async () => enqueue(send, 'inside'))),
    );
    expect(error).toMatchObject({ message: 'connection lost' });
    expect(sent).toEqual([]);
  });
});

describe('when a database answers a COMMIT with a rollback and no error', () => {
  it('drops what was called in the transaction, whose frame the adapter has rolled back, and still resolves', async () => {
    let frame: TransactionFrame;
    const aborted = trackTransactions(
      async <T>(callback: (tx: undefined) => Promise<T>): Promise<T> => {
        const value = await callback(undefined);
        frame.rollBack();
        return value;
      },
      () => (frame = openFrame()),
    );
    await runInScope(async () => {
      expect(await aborted(async () => (enqueue(send, 'inside'), 7))).toBe(7);
      enqueue(send, 'after');
    });
    expect(sent).toEqual(['after']);
  });
});

describe('when a savepoint ends', () => {
  it('merges into the frame around it at release: nothing gets out, and its fate is that of the transaction', async () => {
    const scope = openScope();
    const root = openFrame();
    const savepoint = root.run(() => root.savepoint());
    scope.run(() => savepoint.run(() => enqueue(send, 'inside')));
    await savepoint.commit();
    expect(savepoint.state).toBe('released');
    expect(sent).toEqual([]);
    expect(texts(scope.intents)).toEqual(['inside']);
    root.rollBack();
    expect(scope.intents).toEqual([]);
    await scope.end('completed');
    expect(sent).toEqual([]);
  });

  it('loses only its own calls at rollback, and a second try in it keeps its own', async () => {
    await runInScope(async () => {
      const root = openFrame();
      await root.run(async () => {
        enqueue(send, 'root 1');
        const first = root.savepoint();
        first.run(() => enqueue(send, 'first try'));
        first.rollBack();
        const second = root.savepoint();
        second.run(() => enqueue(send, 'second try'));
        await second.commit();
        enqueue(send, 'root 2');
        await root.beforeCommit();
      });
      await root.commit();
    });
    expect(sent).toEqual(['root 1', 'second try', 'root 2']);
  });

  it('takes released inner savepoints with it when it is rolled back', async () => {
    await runInScope(async () => {
      const root = openFrame();
      const outer = root.savepoint();
      const inner = outer.savepoint();
      inner.run(() => enqueue(send, 'inner'));
      await inner.commit();
      outer.rollBack();
      root.run(() => enqueue(send, 'root'));
      await root.commit();
    });
    expect(sent).toEqual(['root']);
  });
});

describe('when a transaction is independent of the one around it', () => {
  it('commits although that one rolls back', async () => {
    await runInScope(async () => {
      await transaction(async () => {
        enqueue(send, 'outer');
        await transaction(async () => enqueue(send, 'independent'));
        throw new Error('no');
      }).catch(() => {});
    });
    expect(sent).toEqual(['independent']);
  });

  it('rolls back alone', async () => {
    await runInScope(async () => {
      await transaction(async () => {
        enqueue(send, 'outer');
        await transaction(
          async () => (enqueue(send, 'independent'), Promise.reject(new Error('no'))),
        ).catch(() => {});
        enqueue(send, 'outer again');
      });
    });
    expect(sent).toEqual(['outer', 'outer again']);
  });
});

describe('when transactions run in parallel in one scope', () => {
  it('gives each call the fate of its own', async () => {
    await runInScope(async () => {
      const work = (name: string, fails: boolean) =>
        transaction(async () => {
          enqueue(send, `${name} 1`);
          await new Promise((resolve) => setImmediate(resolve));
          enqueue(send, `${name} 2`);
          if (fails) throw new Error(name);
        });
      await Promise.allSettled([work('a', false), work('b', true), work('c', false)]);
    });
    expect(sent).toEqual(['a 1', 'c 1', 'a 2', 'c 2']);
  });
});

describe('when a scope ends inside an open transaction', () => {
  it('reports its intents as deferred, and lets them out after the commit', async () => {
    const root = openFrame();
    const report = await root.run(async () => {
      const scope = openScope();
      scope.run(() => (enqueue(send, 'a'), enqueue(sendSlowly, 'b')));
      return scope.end('completed');
    });
    expect(texts(report.deferred)).toEqual(['a', 'b']);
    expect(sent).toEqual([]);
    await root.commit();
    expect(sent).toEqual(['a', 'b begins', 'b ends']);
  });

  it('drops them if it rolls back', async () => {
    const root = openFrame();
    await root.run(() => runInScope(() => enqueue(send, 'a')));
    root.rollBack();
    expect(sent).toEqual([]);
  });

  it('lets nothing out that the outcome of the scope drops', async () => {
    const root = openFrame();
    await errorOf(() =>
      root.run(() =>
        runInScope(() => {
          enqueue(send, 'a');
          enqueueWith({ on: 'failure' }, send, 'b');
          throw new Error('no');
        }),
      ),
    );
    await root.commit();
    expect(sent).toEqual(['b']);
  });

  it('lets a call out at once that survives a rollback', async () => {
    const root = openFrame();
    await root.run(() => runInScope(() => enqueueWith({ survivesRollback: true }, send, 'a')));
    expect(sent).toEqual(['a']);
    root.rollBack();
  });

  it('lets a checkpoint pass it by', async () => {
    await runInScope(async (scope) => {
      enqueue(send, 'free');
      const root = openFrame();
      root.run(() => enqueue(send, 'held'));
      await scope.checkpoint();
      expect(sent).toEqual(['free']);
      await root.commit();
      expect(sent).toEqual(['free']);
    });
    expect(sent).toEqual(['free', 'held']);
  });
});

describe('when one key is used inside and outside a transaction', () => {
  it.each<['commits' | 'rolls back', string[]]>([
    ['commits', ['inside']],
    ['rolls back', ['outside']],
  ])('sends once if it %s', async (end, expected) => {
    await runInScope(async () => {
      const root = openFrame();
      root.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'inside'));
      enqueueWith({ dedupeKey: 'k' }, send, 'outside');
      if (end === 'commits') await root.commit();
      else root.rollBack();
    });
    expect(sent).toEqual(expected);
  });

  it('sends the one that is free first where the other still waits', async () => {
    const root = openFrame();
    await runInScope(() => {
      root.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'inside'));
      enqueueWith({ dedupeKey: 'k' }, send, 'outside');
    });
    expect(sent).toEqual(['outside']);
    await root.commit();
    expect(sent).toEqual(['outside']);
  });

  it('sends once if a checkpoint lets the one that is free out before the other', async () => {
    await runInScope(async (scope) => {
      const root = openFrame();
      root.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'inside'));
      enqueueWith({ dedupeKey: 'k' }, send, 'outside');
      await scope.checkpoint();
      await root.commit();
    });
    expect(sent).toEqual(['outside']);
  });

  it('collapses a repetition in the same transaction and in its savepoints', async () => {
    await runInScope(async () => {
      const root = openFrame();
      root.run(() => {
        enqueueWith({ dedupeKey: 'k' }, send, 'first');
        enqueueWith({ dedupeKey: 'k' }, send, 'again');
        root.savepoint().run(() => enqueueWith({ dedupeKey: 'k' }, send, 'in a savepoint'));
      });
      root.rollBack();
      const next = openFrame();
      next.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'next'));
      await next.commit();
    });
    expect(sent).toEqual(['next']);
  });
});

describe('when a call is made after its transaction has ended', () => {
  const leftBehind = async (end: 'commits' | 'rolls back', work: () => void): Promise<void> => {
    let leftover: Promise<void> | undefined;
    await transaction(async () => {
      leftover = new Promise<void>((resolve) => setTimeout(resolve, 5)).then(work);
      if (end === 'rolls back') throw new Error('no stock');
    }).catch(() => {});
    await leftover;
  };

  it('belongs to the scope alone after a commit', async () => {
    await runInScope(() => leftBehind('commits', () => enqueue(send, 'late')));
    expect(sent).toEqual(['late']);
  });

  it('is dropped after a rollback, and the report says so', async () => {
    const scope = openScope();
    await scope.run(() => leftBehind('rolls back', () => enqueue(send, 'late')));
    const { dropped } = await scope.end('completed');
    expect(dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
      ['late', 'rollback'],
    ]);
    expect(sent).toEqual([]);
  });

  it('takes no dedupe key away after a rollback', async () => {
    await runInScope(async () => {
      await leftBehind('rolls back', () => enqueueWith({ dedupeKey: 'k' }, send, 'late'));
      enqueueWith({ dedupeKey: 'k' }, send, 'kept');
    });
    expect(sent).toEqual(['kept']);
  });

  it('belongs to the one around that one, if it is open', async () => {
    await runInScope(() =>
      transaction(() => leftBehind('commits', () => enqueue(send, 'kept'))).then(() =>
        transaction(async () => {
          await leftBehind('commits', () => enqueue(send, 'lost'));
          throw new Error('no stock');
        }).catch(() => {}),
      ),
    );
    expect(sent).toEqual(['kept']);
  });

  it('is told apart from the caller of who enters a transaction by statements', async () => {
    const place = async (): Promise<void> => {
      const frame = openFrame();
      frame.enter();
      await Promise.resolve();
      enqueue(send, 'lost');
      frame.leave();
      frame.rollBack();
    };
    await runInScope(async () => {
      await place();
      enqueue(send, 'after');
    });
    expect(sent).toEqual(['after']);
  });
});
