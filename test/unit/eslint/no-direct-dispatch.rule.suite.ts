/* oxlint-disable jest/expect-expect -- ESLint's RuleTester is what asserts. */
import { linting } from './linters.js';

const { accepts, reports } = linting('no-direct-dispatch');

/** A class with an `EffectBuffer`, around one method. */
const service = (method: string, dependency = 'private readonly queue: Queue'): string => `
import { EffectBuffer, SideEffect, Airlock, SkipAirlock } from 'nestjs-airlock';
import { Queue, FlowProducer } from 'bullmq';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { EventBus } from '@nestjs/cqrs';
import { ClientProxy, ClientKafka } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
class Service {
  constructor(private readonly effects: EffectBuffer, ${dependency}) {}
  ${method}
}`;

describe('when the type of what is called is written in the class', () => {
  it.each([
    ['Queue', 'add("reserve", { id: 1 })'],
    ['Queue<{ id: number }>', 'addBulk([])'],
    ['FlowProducer', 'add({ name: "a", queueName: "b" })'],
    ['EventEmitter2', 'emit("order.placed", 1)'],
    ['EventEmitter2', 'emitAsync("order.placed", 1)'],
    ['EventBus', 'publish({})'],
    ['EventBus', 'publishAll([])'],
    ['ClientProxy', 'emit("placed", 1)'],
    ['ClientKafka', 'emitBatch("placed", { messages: [] })'],
    ['Queue | undefined', 'add("reserve", { id: 1 })'],
    ['Pick<Queue, "add">', 'add("reserve", { id: 1 })'],
    ['import("bullmq").Queue', 'add("reserve", { id: 1 })'],
  ])('reports and rewrites a call of a %s: %s', (type, call) => {
    reports(service(`async place() { await this.it.${call}; }`, `private readonly it: ${type}`), [
      {
        messageId: 'direct',
        suggestion: service(
          `async place() { this.effects.defer(this.it).${call}; }`,
          `private readonly it: ${type}`,
        ),
      },
    ]);
  });

  it('leaves its other methods alone', () => {
    accepts(service('async pause() { await this.queue.pause(); await this.queue.getJob("1"); }'));
  });

  it("leaves alone how a sender of the application's own does its work", () => {
    accepts(
      'import { Transporter } from "nodemailer"; class MailerService { constructor(private readonly transporter: Transporter) {} async sendMail(mail: object) { await this.transporter.sendMail(mail); } }',
    );
    accepts(
      'import { Transporter } from "nodemailer"; export class SmtpMailer { constructor(private readonly smtp: Transporter) {} async "sendMail"(mail: object) { return [mail].map((one) => this.smtp.sendMail(one)); } }',
    );
    reports(
      service(
        'async welcome() { await this.it.sendMail({}); }',
        'private readonly it: MailerService',
      ),
      [
        {
          messageId: 'direct',
          suggestion: service(
            'async welcome() { this.effects.defer(this.it).sendMail({}); }',
            'private readonly it: MailerService',
          ),
        },
      ],
    );
  });

  it('leaves alone what a subclass does with itself', () => {
    accepts(
      'import { Queue } from "bullmq"; class Jobs extends Queue { override async addBulk(jobs: any) { await this.add("a", jobs); return super.addBulk(jobs); } }',
    );
  });

  it('leaves methods of other types alone, whatever their names', () => {
    accepts(service('f() { this.queue.add("a"); }', 'private readonly queue: Set<string>'));
  });
});

describe('when the type is written in another way', () => {
  it.each([
    [
      'an imported name of its own',
      'import { Queue as Jobs } from "bullmq";',
      'class A { constructor(private it: Jobs) {} f() { this.it.add("a"); } }',
    ],
    [
      'a namespace',
      'import * as bull from "bullmq";',
      'class A { constructor(private it: bull.Queue) {} f() { this.it.add("a"); } }',
    ],
    [
      'an alias',
      'import { Queue } from "bullmq"; type Jobs = Queue<number>;',
      'class A { constructor(private it: Jobs) {} f() { this.it.add("a"); } }',
    ],
    [
      'an interface that extends it',
      'import { Queue } from "bullmq"; interface Jobs extends Queue {}',
      'class A { constructor(private it: Jobs) {} f() { this.it.add("a"); } }',
    ],
    [
      'a subclass',
      'import { Queue } from "bullmq"; class Jobs extends Queue {}',
      'class A { constructor(private it: Jobs) {} f() { this.it.add("a"); } }',
    ],
    [
      'a property',
      'import { Queue } from "bullmq";',
      'class A { private readonly it!: Queue; f() { this.it.add("a"); } }',
    ],
    [
      'a private property',
      'import { Queue } from "bullmq";',
      'class A { readonly #it = new Queue("stock"); f() { this.#it.add("a"); } }',
    ],
    [
      'a getter',
      'import { Queue } from "bullmq";',
      'class A { get it(): Queue { throw 1; } f() { this.it.add("a"); } }',
    ],
    [
      'a property of a base class',
      'import { Queue } from "bullmq"; class B { constructor(readonly it: Queue) {} }',
      'class A extends B { f() { this.it.add("a"); } }',
    ],
    [
      'a property of another object',
      'import { Queue } from "bullmq"; class B { constructor(readonly it: Queue) {} }',
      'class A { constructor(private b: B) {} f() { this.b.it.add("a"); } }',
    ],
    ['a parameter', 'import { Queue } from "bullmq";', 'function f(it: Queue) { it.add("a"); }'],
    [
      'a variable',
      'import { Queue } from "bullmq";',
      'const it = new Queue("stock"); it.add("a");',
    ],
    [
      'a variable made of a property',
      'import { Queue } from "bullmq";',
      'class A { constructor(private it: Queue) {} f() { const jobs = this.it; jobs.add("a"); } }',
    ],
    [
      'a part of this',
      'import { Queue } from "bullmq";',
      'class A { constructor(private it: Queue) {} f() { const { it: jobs } = this; jobs.add("a"); } }',
    ],
    [
      'a cast',
      'import { Queue } from "bullmq";',
      'declare const it: unknown; (it as Queue).add("a");',
    ],
    [
      'a token asked for',
      'import { EventBus } from "@nestjs/cqrs"; import type { ModuleRef } from "@nestjs/core";',
      'function f(ref: ModuleRef) { ref.get(EventBus).publish({}); }',
    ],
    [
      'a token asked for with a type',
      'import { Queue } from "bullmq"; import type { ModuleRef } from "@nestjs/core";',
      'function f(ref: ModuleRef) { ref.get<Queue>("stock").add("a"); }',
    ],
    [
      'a property that is injected by a function',
      'import { EventBus } from "@nestjs/cqrs"; declare const inject: any;',
      'class A { private readonly it = inject(EventBus); f() { this.it.publish({}); } }',
    ],
    [
      'a property that a factory makes',
      'import { ClientProxyFactory } from "@nestjs/microservices";',
      'class A { private readonly it = ClientProxyFactory.create({}); f() { this.it.emit("a", 1); } }',
    ],
    [
      'a transport',
      'import * as nodemailer from "nodemailer";',
      'class A { private readonly it = nodemailer.createTransport("smtp://x"); f() { this.it.sendMail({}); } }',
    ],
    [
      '@InjectQueue',
      'import { InjectQueue } from "@nestjs/bullmq";',
      'class A { constructor(@InjectQueue("stock") private it: any) {} f() { this.it.add("a"); } }',
    ],
    [
      '@InjectFlowProducer',
      'import { InjectFlowProducer } from "@nestjs/bullmq";',
      'class A { @InjectFlowProducer("f") private it: any; f() { this.it.add({}); } }',
    ],
    [
      '@Inject of the class',
      'import { Inject } from "@nestjs/common"; import { EventBus } from "@nestjs/cqrs";',
      'class A { constructor(@Inject(EventBus) private it: any) {} f() { this.it.publish({}); } }',
    ],
  ])('knows it by %s', (_, imports, code) => {
    reports(`${imports}\n${code}`, [{ messageId: 'direct', line: 2 }]);
  });

  it.each([
    ['an optional call', 'f() { this.queue?.add("a"); }'],
    ['a call on what is surely there', 'f() { void this.queue!.add("a"); }'],
  ])('sees through %s', (_, method) => {
    const [, object] = /(this\.queue!?)/.exec(method)!;
    reports(service(method), [
      {
        messageId: 'direct',
        ...(method.includes('?')
          ? {}
          : { suggestion: service(`f() { this.effects.defer(${object}).add("a"); }`) }),
      },
    ]);
  });
});

describe('when the type checker knows more than the file says', () => {
  const types = 'with';

  it('knows a dispatcher that a function returned', () => {
    reports(
      'import { Queue } from "bullmq"; const jobs = () => ({ it: new Queue("a") }); jobs().it.add("a");',
      [{ messageId: 'direct' }],
      { types },
    );
    accepts(
      'import { Queue } from "bullmq"; const jobs = () => ({ it: new Queue("a") }); jobs().it.add("a");',
      {
        types: 'without',
      },
    );
  });

  it('knows a type parameter by its constraint', () => {
    reports(
      'import { Queue } from "bullmq"; function f<Q extends Queue>(it: Q) { it.add("a"); }',
      [{ messageId: 'direct' }],
      { types },
    );
  });

  it('knows subclasses that it never heard of', () => {
    reports(
      'import { ClientRedis } from "@nestjs/microservices"; class Mine extends ClientRedis {} const make = () => new Mine({}); make().emit("a", 1);',
      [{ messageId: 'direct' }],
      { types },
    );
  });

  it('knows generic subclasses by what they extend', () => {
    reports(
      'import { Queue } from "bullmq"; class Jobs<T> extends Queue<T> {} const make = () => new Jobs<number>("a"); make().add("a", 1);',
      [{ messageId: 'direct' }],
      { types },
    );
  });

  it('knows a nodemailer transport', () => {
    reports(
      'import { createTransport } from "nodemailer"; const smtp = createTransport("smtp://x"); void smtp.sendMail({});',
      [{ messageId: 'direct' }],
      { types },
    );
  });

  it('does not take a queue by its name for one', () => {
    const code = 'const make = () => new Set<string>(); const queue = make(); queue.add("a");';
    accepts(code, { types });
    reports(code, [{ messageId: 'direct' }], { types: 'without' });
  });
});

describe('when nothing is known of the type', () => {
  it.each([
    [
      'class A { constructor(stockQueue) { this.stockQueue = stockQueue; } f() { this.stockQueue.add("a"); } }',
    ],
    ['class A { f() { this.eventEmitter.emit("a"); } }'],
    ['class A { f() { this.emitter.emitAsync("a"); } }'],
    ['class A { f() { this.eventBus.publish({}); } }'],
    ['class A { #mailer; f() { this.#mailer.sendMail({}); } }'],
    ['function f(queue) { queue.addBulk([]); }'],
    ['class A { constructor(private readonly queue: any) {} f() { this.queue.add("a"); } }'],
  ])('goes by the name: %s', (code) => {
    reports(code, [{ messageId: 'direct' }]);
  });

  it.each([
    ['another name', 'class A { f() { this.tags.add("a"); } }'],
    ['what hangs on some other object', 'function f(app) { app.queue.add("a"); }'],
    [
      'a name whose type is written',
      'class A { constructor(private queue: JobPort) {} f() { this.queue.add("a"); } }',
    ],
    [
      'a name that is asked for as something else',
      'class A { private queue = config.get<Set<string>>("x"); f() { this.queue.add("a"); } } declare const config: any;',
    ],
    [
      'a name that is deferred here',
      'import { EffectBuffer } from "nestjs-airlock"; class A { private readonly queue = this.effects.defer(this.it); constructor(readonly effects: EffectBuffer, private readonly it: any) {} f() { this.queue.add("a"); } }',
    ],
    [
      'a name that is made here',
      'class A { private queue = new Set(); f() { this.queue.add("a"); } }',
    ],
  ])('leaves %s alone', (_, code) => {
    accepts(code);
  });
});

describe('when the call is made by an effect', () => {
  it.each([
    [
      'a @SideEffect() method',
      '@SideEffect() async send(): Promise<void> { await this.queue.add("a", {}); }',
    ],
    [
      'a function within one',
      '@SideEffect() async send(): Promise<void> { await Promise.all([1].map(() => this.queue.add("a", {}))); }',
    ],
    ['a function that is enqueued', 'f() { this.effects.enqueue(() => this.queue.add("a", {})); }'],
    [
      'a function that is enqueued with options',
      'f() { this.effects.enqueueWith({ name: "x" }, async () => { await this.queue.add("a", {}); }); }',
    ],
    ['a deferred object', 'f() { this.effects.defer(this.queue).add("a", {}); }'],
    [
      'a deferred object with a name',
      'f() { const queue = this.effects.defer(this.queue); for (const i of [1, 2]) queue.add("a", { i }); }',
    ],
    [
      'a method that is enqueued',
      'f() { this.effects.enqueue(this.tell.bind(this), 1); } async tell(id: number) { await this.queue.add("a", { id }); }',
    ],
    [
      'a method that is deferred',
      'f() { this.effects.defer(this as Service).tell(1); this.effects.defer(this).tell(1); } async tell(id: number) { await this.queue.add("a", { id }); }',
    ],
  ])('accepts %s', (_, method) => {
    accepts(service(method));
  });

  it.each([
    [
      'a function declared elsewhere in the file',
      'import { enqueue } from "nestjs-airlock"; const f = () => enqueue(tell, 1); function tell(id: number) { eventEmitter.emit("a", id); } declare const eventEmitter: any;',
    ],
    [
      'a constant function',
      'import { enqueue as later } from "nestjs-airlock"; const tell = (id: number) => eventEmitter.emit("a", id); const f = () => later(tell, 1); declare const eventEmitter: any;',
    ],
    [
      'the free functions',
      'import { defer, enqueueWith } from "nestjs-airlock"; declare const queue: any; defer(queue).add("a"); enqueueWith({}, () => queue.add("b"));',
    ],
    [
      'the namespace of Airlock',
      'import * as airlock from "nestjs-airlock"; declare const queue: any; airlock.enqueue(() => queue.add("b"));',
    ],
    [
      'a decorator under another name',
      'import { SideEffect as Effect } from "nestjs-airlock"; class A { constructor(private queue: any) {} @Effect() f(): void { this.queue.add("a"); } }',
    ],
    [
      'an executor',
      'import { type Executor, type Intent } from "nestjs-airlock"; class A implements Executor { constructor(private queue: any) {} execute(intent: Intent) { return this.queue.add(intent.name); } }',
    ],
    [
      'an executor among options',
      'import { AirlockModule } from "nestjs-airlock"; declare const queue: any; AirlockModule.forRoot({ executor: (intent) => queue.add(intent.name), executors: { a: (intent) => queue.add(intent.name) } });',
    ],
    [
      'a constant that is an executor',
      'import type { Executor } from "nestjs-airlock"; declare const queue: any; const a: Executor = { execute: (intent) => queue.add(intent.name) };',
    ],
    [
      'a function that returns an executor',
      'import type { Executor } from "nestjs-airlock"; declare const queue: any; export const a = (): Executor => ({ execute(intent) { return queue.add(intent.name); } });',
    ],
    [
      'a function that is an executor',
      'import type { ExecutorRef } from "nestjs-airlock"; declare const queue: any; export const a: ExecutorRef = (intent) => queue.add(intent.name);',
    ],
  ])('accepts %s', (_, code) => {
    accepts(code);
  });

  it('accepts a method that is an effect, although its class is called like a mailer', () => {
    const mailer =
      'class MailerService { @SideEffect() async sendMail(to: string): Promise<void> {} } class Orders { constructor(private readonly mailer: MailerService) {} f() { void this.mailer.sendMail("a"); } }';
    accepts(`import { SideEffect } from "nestjs-airlock"; ${mailer}`);
    reports(`declare const SideEffect: any; ${mailer.replace('@SideEffect() ', '')}`, [
      { messageId: 'direct' },
    ]);
  });

  it('is not caught by a property that is made of itself', () => {
    accepts('class A { it = this.it.defer(this.it); f() { this.it.add("a"); } }', {
      types: 'without',
    });
  });

  it("is not taken in by an enqueue of one's own", () => {
    reports(
      'function enqueue(work: () => void) { work(); } declare const queue: any; enqueue(() => queue.add("a"));',
      [{ messageId: 'direct' }],
    );
  });
});

describe('when the call is made by what only effects call', () => {
  it.each([
    [
      'a private method',
      '@SideEffect() async send(): Promise<void> { await this.tell(1); await this.tell(2); } private async tell(id: number) { await this.queue.add("a", { id }); }',
    ],
    [
      'a #private method',
      '@SideEffect() async send(): Promise<void> { await this.#tell(1); } async #tell(id: number) { await this.queue.add("a", { id }); }',
    ],
    [
      'a private method behind another',
      '@SideEffect() async send(): Promise<void> { await this.all(); } private async all() { await this.tell(1); } private async tell(id: number) { if (id > 0) await this.tell(id - 1); await this.queue.add("a", { id }); }',
    ],
    [
      'a private method of a lifecycle hook',
      'async onModuleInit() { await this.schedule(); } private async schedule() { await this.queue.add("tick"); }',
    ],
    [
      'a function of the file',
      '@SideEffect() async send(): Promise<void> { await tell(this.queue, 1); } } const tell = async (queue: Queue, id: number) => { await queue.add("a", { id }); }; class Other {',
    ],
  ])('accepts %s', (_, method) => {
    accepts(service(method));
  });

  it.each([
    [
      'somebody else calls it too',
      '@SideEffect() async send(): Promise<void> { await this.tell(); } place() { return this.tell(); } private tell() { return this.queue.add("a"); }',
    ],
    [
      'it is handed on',
      '@SideEffect() async send(): Promise<void> { await this.tell(); } place() { return [1].map(this.tell); } private tell() { return this.queue.add("a"); }',
    ],
    [
      'anybody may call it',
      '@SideEffect() async send(): Promise<void> { await this.tell(); } tell() { return this.queue.add("a"); }',
    ],
    [
      'a framework calls it',
      '@SideEffect() async send(): Promise<void> { await this.tell(); } @Airlock() private tell() { return this.queue.add("a"); }',
    ],
    ['nobody calls it', 'private tell() { return this.queue.add("a"); }'],
    [
      'other files may call it',
      '@SideEffect() async send(): Promise<void> { await tell(this.queue); } } export function tell(queue: Queue) { return queue.add("a"); } class Other {',
    ],
  ])('reports it where %s', (_, method) => {
    reports(service(method), [{ messageId: 'direct' }]);
  });
});

describe('when there is no scope that could fail', () => {
  it.each([
    ['lifecycle hooks', 'async onModuleInit() { await this.queue.add("a", {}); }'],
    ['methods without a boundary', '@SkipAirlock() async f() { await this.queue.add("a", {}); }'],
  ])('accepts %s', (_, method) => {
    accepts(service(method));
  });

  it('accepts classes without a boundary', () => {
    accepts(
      'import { SkipAirlock } from "nestjs-airlock"; @SkipAirlock() class A { constructor(private queue: any) {} f() { this.queue.add("a"); } }',
    );
  });

  it('reports hooks that open a scope', () => {
    reports(service('@Airlock() async onModuleInit() { await this.queue.add("a", {}); }'), [
      {
        messageId: 'direct',
        suggestion: service(
          '@Airlock() async onModuleInit() { this.effects.defer(this.queue).add("a", {}); }',
        ),
      },
    ]);
  });
});

describe('when the result of the call is used', () => {
  it.each([
    ['kept', 'async f() { const job = await this.queue.add("a", {}); }'],
    ['returned', 'f() { return this.queue.add("a", {}); }'],
    ['returned by an arrow function', 'f() { [1].map((i) => this.queue.add("a", { i })); }'],
    ['followed', 'f() { this.queue.add("a", {}).catch(() => {}); }'],
    ['awaited with others', 'async f() { await Promise.all([this.queue.add("a", {})]); }'],
    ['tested', 'async f() { if (await this.queue.add("a", {})) return; }'],
  ])('suggests nothing: %s', (_, method) => {
    reports(service(method), [{ messageId: 'direct' }]);
  });
});

describe('when the result is thrown away', () => {
  it.each([
    [
      'await this.queue.add("a", { id: 1 });',
      'this.effects.defer(this.queue).add("a", { id: 1 });',
    ],
    ['void this.queue.add("a", { id: 1 });', 'this.effects.defer(this.queue).add("a", { id: 1 });'],
    [
      '(await (this.queue).add("a", { id: 1 }));',
      '(this.effects.defer(this.queue).add("a", { id: 1 }));',
    ],
    [
      'const jobs = this.queue; await jobs.add("a", { id: 1 });',
      'const jobs = this.queue; this.effects.defer(jobs).add("a", { id: 1 });',
    ],
    [
      'await this.queue.add("a", { id: 1 /* one */ });',
      'this.effects.defer(this.queue).add("a", { id: 1 /* one */ });',
    ],
  ])('drops what waited for it: %s', (before, after) => {
    reports(service(`async f() { ${before} }`), [
      { messageId: 'direct', suggestion: service(`async f() { ${after} }`) },
    ]);
  });

  it.each([
    ['await firstValueFrom(this.client.emit("a", 1));'],
    ['this.client.emit("a", 1).subscribe();'],
    ['this.client.emit("a", 1);'],
  ])('drops what subscribed to it: %s', (statement) => {
    const dependency = 'private readonly client: ClientProxy';
    reports(service(`async f() { ${statement} }`, dependency), [
      {
        messageId: 'direct',
        suggestion: service(
          'async f() { this.effects.defer(this.client).emit("a", 1); }',
          dependency,
        ),
      },
    ]);
  });

  it.each([
    [
      'a comment would be lost',
      service('async f() { await /* at once */ this.queue.add("a", {}); }'),
    ],
    [
      '`this` is another object',
      service('f() { const q = this.queue; [1].forEach(function () { q.add("a", {}); }); }'),
    ],
    ['the method is static', service('static f(q: Queue) { q.add("a", {}); }')],
    [
      'there is no buffer',
      'import { Queue } from "bullmq"; class A { constructor(private it: Queue) {} async f() { await this.it.add("a", {}); } }',
    ],
  ])('suggests nothing where %s', (_, code) => {
    reports(code, [{ messageId: 'direct' }]);
  });

  it.each([
    [
      'a buffer under another name',
      'import { EffectBuffer as Buffer } from "nestjs-airlock"; class A { constructor(private later: Buffer, private queue: any) {} f() { CALL; } }',
      'this.later.defer(this.queue)',
    ],
    [
      'a property',
      'import { EffectBuffer } from "nestjs-airlock"; class A { readonly #effects!: EffectBuffer; queue: any; f() { CALL; } }',
      'this.#effects.defer(this.queue)',
    ],
    [
      'one of a base class',
      'import { EffectBuffer } from "nestjs-airlock"; class B { constructor(readonly effects: EffectBuffer) {} } class A extends B { queue: any; f() { CALL; } }',
      'this.effects.defer(this.queue)',
    ],
    [
      'a parameter',
      'import { EffectBuffer } from "nestjs-airlock"; class A { queue: any; f(buffer: EffectBuffer) { CALL; } }',
      'buffer.defer(this.queue)',
    ],
    [
      'the free function',
      'import { defer } from "nestjs-airlock"; class A { queue: any; f() { CALL; } }',
      'defer(this.queue)',
    ],
  ])('finds %s', (_, code, deferred) => {
    reports(code.replace('CALL', 'this.queue.add("a")'), [
      { messageId: 'direct', suggestion: code.replace('CALL', `${deferred}.add("a")`) },
    ]);
  });
});

describe('when there is a buffer that the place does not reach', () => {
  it.each([
    [
      'it is private to a base class',
      'class B { constructor(private readonly effects: EffectBuffer) {} } class A extends B { queue: any; f() { CALL; } }',
    ],
    [
      'it is a private property of a base class',
      'class B { private readonly effects!: EffectBuffer; } class A extends B { queue: any; f() { CALL; } }',
    ],
    [
      'it has a private name in a base class',
      'class B { readonly #effects!: EffectBuffer; } class A extends B { queue: any; f() { CALL; } }',
    ],
    ['it is static', 'class A { static effects: EffectBuffer; queue: any; f() { CALL; } }'],
    [
      'another name hides it',
      'class A { queue: any; f(it: EffectBuffer) { [1].forEach((it) => { CALL; }); } }',
    ],
  ])('suggests nothing: %s', (_, code) => {
    reports(
      `import { EffectBuffer } from "nestjs-airlock"; ${code.replace('CALL', 'this.queue.add("a")')}`,
      [{ messageId: 'direct' }],
    );
  });

  it('takes another one', () => {
    const code = (call: string) =>
      `import { EffectBuffer } from "nestjs-airlock"; class C { protected readonly later!: EffectBuffer; } class B extends C { private readonly effects!: EffectBuffer; } class A extends B { queue: any; f() { ${call}; } }`;
    reports(code('this.queue.add("a")'), [
      { messageId: 'direct', suggestion: code('this.later.defer(this.queue).add("a")') },
    ]);
  });
});

describe('when the call may take part in a transaction', () => {
  const dependencies =
    'private readonly boss: PgBoss, private readonly events: EventEmitter2, private readonly bus: EventBus, private readonly queue: Queue, private readonly db: any';

  it.each([
    [
      'pg-boss, which may write in it',
      'f() { this.db.transaction(async () => { await this.boss.send("a"); }); }',
    ],
    [
      'listeners, which may write in it',
      'f() { this.db.transaction(async () => { this.events.emit("a"); }); }',
    ],
    [
      'handlers, which may write in it',
      '@Transactional() async f() { await this.bus.publish({}); }',
    ],
    [
      'a function given by its name',
      'f() { const work = async () => { await this.boss.send("a"); }; return this.db.transaction(work); }',
    ],
    [
      'a queue that is handed the transaction',
      'f() { this.db.transaction(async (tx: any) => { await this.queue.add("a", tx); }); }',
    ],
  ])('suggests nothing, since an effect would write after the commit: %s', (_, method) => {
    reports(service(method, dependencies), [{ messageId: 'direct' }]);
  });

  it.each([
    [
      'a queue, which is elsewhere',
      'f() { this.db.transaction(async () => { await this.queue.add("a"); }); }',
      'f() { this.db.transaction(async () => { this.effects.defer(this.queue).add("a"); }); }',
    ],
    [
      'pg-boss after the commit',
      'f() { this.db.transaction(() => { runOnTransactionCommit(async () => { await this.boss.send("a"); }); }); }',
      'f() { this.db.transaction(() => { runOnTransactionCommit(async () => { this.effects.defer(this.boss).send("a"); }); }); }',
    ],
    [
      'pg-boss before the transaction',
      'async f() { await this.boss.send("a"); await this.db.transaction(() => {}); }',
      'async f() { this.effects.defer(this.boss).send("a"); await this.db.transaction(() => {}); }',
    ],
  ])('suggests an effect where it cannot: %s', (_, before, after) => {
    reports(service(before, dependencies), [
      { messageId: 'direct', suggestion: service(after, dependencies) },
    ]);
  });

  it('knows the transactions that options name', () => {
    const code = (statement: string) =>
      service(
        `f() { this.db.atomically(async () => { ${statement}; }); } @Atomic() g() { ${statement}; }`,
        dependencies,
      );
    const call = 'this.bus.publish({})';
    reports(code(call), [{ messageId: 'direct' }, { messageId: 'direct' }], {
      options: { transactions: ['atomically'], transactionDecorators: ['Atomic'] },
    });
  });
});

describe('when options say more', () => {
  it('knows further types and methods', () => {
    const code =
      'class A { constructor(private readonly hooks: WebhookClient) {} f() { this.hooks.post("a"); } }';
    accepts(code);
    reports(code, [{ messageId: 'direct' }], { options: { types: { WebhookClient: ['post'] } } });
  });

  it('knows further names', () => {
    const code = 'class A { f() { this.socket.emit("a"); } }';
    accepts(code);
    reports(code, [{ messageId: 'direct' }], { options: { names: { '^socket$': ['emit'] } } });
  });

  it('leaves out a type whose methods are none', () => {
    accepts('class A { constructor(private readonly it: Queue) {} f() { this.it.add("a"); } }', {
      options: { types: { Queue: [] } },
    });
  });

  it('knows decorators that make effects of methods', () => {
    const code =
      'class A { constructor(private readonly it: Queue) {} @Mail() f(): void { this.it.add("a"); } }';
    reports(code, [{ messageId: 'direct' }]);
    accepts(code, { options: { effectDecorators: ['Mail'] } });
  });
});

describe('when the report is read', () => {
  it('names the call and what to write', () => {
    reports(service('async f() { await this.queue.add("a", {}); }'), [
      {
        messageId: 'direct',
        data: { call: 'this.queue.add(…)' },
        suggestion: service('async f() { this.effects.defer(this.queue).add("a", {}); }'),
      },
    ]);
  });
});
