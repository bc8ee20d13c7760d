import type { EventBus } from '@nestjs/cqrs';
import type { EventEmitter2 } from '@nestjs/event-emitter';
import type { ClientProxy } from '@nestjs/microservices';
import {
  defer,
  type Deferred,
  EffectBuffer,
  enqueue,
  enqueueWith,
  runInScope,
  withPolicy,
} from 'nestjs-airlock';
import { AirlockService, DropAll, type EffectScope, type ScopeView } from 'nestjs-airlock';
import type { Transporter } from 'nodemailer';
import type { PgBoss } from 'pg-boss';
import type PgBoss10 from 'pg-boss-10';
import { type Equal, expectTrue } from './expect.js';

declare const effects: EffectBuffer;
declare const airlock: AirlockService;
declare function notify(order: number, urgent?: boolean): Promise<string>;
declare function generic<T>(value: T, ...more: T[]): void;

/** Overloaded, as those of clients often are. */
interface Clients {
  readonly bus: EventBus;
  readonly boss: PgBoss;
  readonly olderBoss: PgBoss10;
  readonly smtp: Transporter;
  readonly emitter: EventEmitter2;
  readonly broker: ClientProxy;
}

class Queue {
  readonly name = 'stock';
  add(_job: string, _data: { readonly id: number }): Promise<{ readonly jobId: string }> {
    return Promise.resolve({ jobId: '1' });
  }
  pause(): void {}
  private secret(): void {}
  protected readonly own = () => this.secret();
}

/** Arguments are those of the effect. */
export function argumentsOfAnEffect(): void {
  const nothing: void = effects.enqueue(notify, 7);
  enqueue(notify, 7, true);
  enqueueWith({ on: 'failure', dedupeKey: 'key' }, notify, 7);
  enqueue(generic, 'a', 'b');
  enqueue((n: number) => n + 1, 1);
  enqueue(() => nothing);

  // @ts-expect-error an argument is missing
  enqueue(notify);
  // @ts-expect-error one is of the wrong type
  effects.enqueue(notify, '7');
  // @ts-expect-error one is too many
  effects.enqueue(notify, 7, true, 'more');
  // @ts-expect-error the same with options
  enqueueWith({}, notify, '7');
  // @ts-expect-error not a function
  enqueue('notify', 7);
  // @ts-expect-error no such option
  enqueueWith({ when: 'later' }, notify, 7);
  // @ts-expect-error no such outcome
  effects.enqueueWith({ on: 'completed' }, notify, 7);
  // @ts-expect-error only `@SideEffect` takes a function as key
  effects.enqueueWith({ dedupeKey: (order: number) => `${order}` }, notify, 7);
}

/** Every overload of a method is kept. */
export function overloadsOfADeferredMethod({
  bus,
  boss,
  olderBoss,
  smtp,
  emitter,
  broker,
}: Clients): void {
  effects.defer(bus).publish({});
  effects.defer(bus).publishAll([{}]);
  effects.defer(boss).send('mail', { id: 1 });
  effects.defer(olderBoss).send('mail', { id: 1 });
  effects.defer(olderBoss).send({ name: 'mail' });
  effects.defer(smtp).sendMail({ to: 'ada@example.org' });
  effects.defer(emitter).emit('placed', 1, 2);
  effects.defer(broker).emit('placed', 1);

  // @ts-expect-error none takes a number
  effects.defer(olderBoss).send(1);
  // @ts-expect-error none takes nothing
  effects.defer(smtp).sendMail();
}

/** Methods of a deferred object take what they took and return nothing. */
export function deferredMethods(queue: Queue): void {
  const deferred: Deferred<Queue> = effects.defer(queue);
  expectTrue<Equal<keyof Deferred<Queue>, 'add' | 'pause'>>();
  expectTrue<Equal<ReturnType<Deferred<Queue>['add']>, void>>();
  expectTrue<Equal<Parameters<Deferred<Queue>['add']>, Parameters<Queue['add']>>>();

  deferred.add('reserve', { id: 1 });
  defer(queue, { executor: 'slow' }).pause();
  // @ts-expect-error a property is left out
  void deferred.name;
  // @ts-expect-error an argument is of the wrong type
  deferred.add('reserve', { id: 'one' });
  // @ts-expect-error there is no result to wait for
  void deferred.add('reserve', { id: 1 }).then;
  // @ts-expect-error methods cannot be set
  deferred.pause = () => {};
  // @ts-expect-error not an object
  effects.defer('queue');
}

/** What runs in a scope gives its value. */
export async function values(): Promise<void> {
  const fromScope = await runInScope((scope: EffectScope) => scope.id.length);
  const fromService = await airlock.run({ name: 'job' }, async () =>
    Promise.resolve('text' as const),
  );
  const fromBlock = withPolicy(DropAll, () => 7 as const);
  const fromBuffer = effects.withPolicy(new DropAll(), async () => Promise.resolve(true as const));
  expectTrue<
    Equal<
      [typeof fromScope, typeof fromService, typeof fromBlock, typeof fromBuffer],
      [number, 'text', 7, Promise<true>]
    >
  >();
  expectTrue<Equal<AirlockService['currentScope'], ScopeView | undefined>>();
  // @ts-expect-error code inside a scope cannot end it
  void airlock.currentScope?.flush;
  // @ts-expect-error no such option
  void airlock.run({ nme: 'job' }, () => {});
}
