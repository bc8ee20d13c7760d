import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { context, metrics, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  AirlockModule,
  type AirlockModuleOptions,
  AirlockService,
  BlockTasks,
  DropAll,
  EffectBuffer,
  SideEffect,
} from 'nestjs-airlock';
import {
  AirlockOpenTelemetryModule,
  type AirlockOpenTelemetryOptions,
} from 'nestjs-airlock/opentelemetry';
import { describeWith, postgres } from '../../servers.js';
import { Bench, Mail, server, until, within } from '../bullmq/fixtures.js';
import { Bench as MicroBench, carriers, Mail as MicroMail } from '../microservices/fixtures.js';
import { connectPg } from '../outbox/clients/pg.js';
import { boot as bootOutbox, Courier, Mail as OutboxMail } from '../outbox/fixtures.js';
import { Mail as PgBossMail } from '../pg-boss/mail.js';
import { boot as bootPgBoss, NOTIFY, onPostgres } from '../pg-boss/pg-boss.fixtures.js';
import type { ToldSpan } from './worker.app.js';

const exported = new InMemorySpanExporter();
let metricsExported: InMemoryMetricExporter;
let reader: PeriodicExportingMetricReader;

function startSdk(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exported)] }),
  );
  metricsExported = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  reader = new PeriodicExportingMetricReader({
    exporter: metricsExported,
    exportIntervalMillis: 3_600_000,
  });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
}

async function stopSdk(): Promise<void> {
  await reader.shutdown();
  for (const api of [context, propagation, trace, metrics]) api.disable();
  exported.reset();
}

@Injectable()
class Post {
  readonly active: (string | undefined)[] = [];

  @SideEffect()
  async send(): Promise<void> {
    await Promise.resolve();
    this.active.push(trace.getActiveSpan()?.spanContext().spanId);
  }

  @SideEffect()
  async fail(): Promise<void> {
    throw new RangeError('no stamps');
  }

  /** Fails after a call of its own, which is dropped. */
  @SideEffect()
  async chain(): Promise<void> {
    await this.send();
    throw new RangeError('no stamps');
  }
}

const applications: TestingModule[] = [];

async function boot(
  options?: AirlockOpenTelemetryOptions,
  airlock?: AirlockModuleOptions,
): Promise<TestingModule> {
  const app = await Test.createTestingModule({
    imports: [AirlockModule.forRoot(airlock), AirlockOpenTelemetryModule.forRoot(options)],
    providers: [Post],
  })
    .setLogger({ log() {}, warn() {}, error() {} })
    .compile();
  await app.init();
  applications.push(app);
  return app;
}

/** Runs `work` in a request's span and a scope. */
async function inRequest(app: TestingModule, work: () => unknown): Promise<void> {
  await trace.getTracer('test').startActiveSpan('POST /orders', async (span) => {
    await app.get(AirlockService).run({ name: 'POST /orders', onDispatchError: 'report' }, work);
    span.end();
  });
}

const spans = (name: string): ReadableSpan[] =>
  exported.getFinishedSpans().filter((span) => span.name === name);
const span = (name: string): ReadableSpan => spans(name)[0]!;

/** What was measured, as `[instrument, attributes, value or count]`. */
async function measured(): Promise<
  readonly (readonly [string, Record<string, unknown>, number])[]
> {
  await reader.forceFlush();
  const { scopeMetrics = [] } = metricsExported.getMetrics().at(-1) ?? {};
  return scopeMetrics.flatMap(({ metrics: all }) =>
    all.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const count = typeof value === 'number' ? value : (value as { count: number }).count;
        return [descriptor.name, attributes, count] as const;
      }),
    ),
  );
}

afterEach(async () => {
  for (const app of applications.splice(0)) await app.close();
});

describe('when an SDK is registered', () => {
  beforeEach(startSdk);
  afterEach(stopSdk);

  it('makes a span of the call within the request, and one of the run that is linked to it', async () => {
    const app = await boot();
    await inRequest(app, () => app.get(Post).send());
    const [create, process, request] = [
      span('create Post.send'),
      span('process Post.send'),
      span('POST /orders'),
    ];
    expect([create.kind, process.kind]).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER]);
    expect(create.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    expect(process.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    expect(process.links.map((link) => link.context.spanId)).toEqual([create.spanContext().spanId]);
    expect(process.attributes).toMatchObject({
      'messaging.system': 'nestjs-airlock',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'Post.send',
      'messaging.message.id': create.attributes['messaging.message.id'],
    });
  });

  it('has the span of the run active in the effect', async () => {
    const app = await boot();
    await inRequest(app, () => app.get(Post).send());
    expect(app.get(Post).active).toEqual([span('process Post.send').spanContext().spanId]);
  });

  it('makes the run a child of the call where `relation` says so', async () => {
    const app = await boot({ relation: 'parent' });
    await inRequest(app, () => app.get(Post).send());
    const process = span('process Post.send');
    expect(process.parentSpanContext?.spanId).toBe(span('create Post.send').spanContext().spanId);
    expect(process.links).toEqual([]);
  });

  it('tells of an effect that fails, in its span', async () => {
    const app = await boot();
    await inRequest(app, () => app.get(Post).fail());
    const { status, attributes, events } = span('process Post.fail');
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'no stamps' });
    expect(attributes['error.type']).toBe('RangeError');
    expect(events.map(({ name }) => name)).toEqual(['exception']);
  });

  it('makes no span of a call that is refused', async () => {
    const refusing = {
      onEnqueue: () => {
        throw new Error('not today');
      },
    };
    const app = await boot({}, { policy: refusing });
    await inRequest(app, () =>
      app
        .get(Post)
        .send()
        .catch(() => {}),
    );
    const full = await boot({}, { maxEffectsPerScope: 1 });
    await inRequest(full, () => Promise.allSettled([full.get(Post).send(), full.get(Post).send()]));
    expect(spans('create Post.send').length).toBe(1);
  });

  it('says on the span of the request how its scope ended, and what was dropped why', async () => {
    const app = await boot({}, { policy: new BlockTasks(['Post.send']) });
    await inRequest(app, async () => {
      await app.get(Post).send();
      await app.get(Post).send();
      app.get(EffectBuffer).enqueueWith({ on: 'failure' }, function apologise() {});
      // Decided with its parent.
      await app.get(AirlockService).run({ name: 'nested' }, () => {});
    });
    expect(span('POST /orders').attributes).toEqual({
      'nestjs_airlock.scope.outcome': 'completed',
      'nestjs_airlock.dropped.policy': 2,
      'nestjs_airlock.dropped.outcome': 1,
    });
  });

  it('says nothing there of what becomes of the calls of its effects', async () => {
    const app = await boot();
    await inRequest(app, () => app.get(Post).chain());
    expect(span('POST /orders').attributes).toEqual({
      'nestjs_airlock.scope.outcome': 'completed',
    });
    expect(await measured()).toContainEqual([
      'nestjs_airlock.effects',
      { name: 'Post.send', executor: 'InProcessExecutor', outcome: 'dropped', reason: 'outcome' },
      1,
    ]);
  });

  it('leaves nothing behind of a boot that fails in another module', async () => {
    @Module({})
    class Broken implements OnModuleInit {
      onModuleInit(): void {
        throw new Error('no database');
      }
    }
    const { channel } = await import('node:diagnostics_channel');
    const module = await Test.createTestingModule({
      imports: [AirlockModule.forRoot(), AirlockOpenTelemetryModule.forRoot(), Broken],
    }).compile();
    await expect(module.init()).rejects.toThrow('no database');
    const listened = ['enqueue', 'dispatch', 'drop', 'fail', 'scope'].filter(
      (name) => channel(`airlock:${name}`).hasSubscribers,
    );
    expect(listened).toEqual([]);
  });

  it('makes no span of a run that a policy forbids', async () => {
    const app = await boot({}, { policy: DropAll });
    await inRequest(app, () => app.get(Post).send());
    expect([spans('create Post.send').length, spans('process Post.send').length]).toEqual([1, 0]);
  });

  it('counts what becomes of effects, and measures how long they wait and run', async () => {
    const app = await boot();
    await inRequest(app, async () => {
      await app.get(Post).send();
      await app.get(Post).fail();
      app.get(EffectBuffer).enqueueWith({ on: 'failure' }, function apologise() {});
    });
    const executor = 'InProcessExecutor';
    expect(await measured()).toEqual(
      expect.arrayContaining([
        ['nestjs_airlock.effects', { name: 'Post.send', executor, outcome: 'dispatched' }, 1],
        ['nestjs_airlock.effects', { name: 'Post.fail', executor, outcome: 'failed' }, 1],
        [
          'nestjs_airlock.effects',
          { name: 'apologise', executor, outcome: 'dropped', reason: 'outcome' },
          1,
        ],
        ['nestjs_airlock.effect.wait.duration', { name: 'Post.send', executor }, 1],
        [
          'nestjs_airlock.effect.run.duration',
          { name: 'Post.send', executor, outcome: 'dispatched' },
          1,
        ],
      ]),
    );
  });

  it('gauges open scopes and effects that wait', async () => {
    const app = await boot();
    const scope = app.get(AirlockService).open();
    await scope.run(() => app.get(Post).send());
    const gauges = (await measured()).filter(([name]) => /open|buffered/.test(name));
    scope.close();
    await scope.flush();
    expect(gauges).toEqual([
      ['nestjs_airlock.scopes.open', {}, 1],
      ['nestjs_airlock.effects.buffered', {}, 1],
    ]);
    expect(
      (await measured()).filter(([name]) => /open|buffered/.test(name)).map(([, , value]) => value),
    ).toEqual([0, 0]);
  });

  it('counts the effects of its own application alone', async () => {
    const [one, other] = [await boot(), await boot()];
    await inRequest(one, () => one.get(Post).send());
    await other.close();
    const counted = (await measured()).filter(([name]) => name === 'nestjs_airlock.effects');
    expect(counted.map(([, , count]) => count)).toEqual([1]);
  });
});

describe('when no SDK is registered', () => {
  it('carries, makes and measures nothing', async () => {
    const app = await boot();
    await app.get(AirlockService).run(() => app.get(Post).send());
    const { hasSubscribers } = await import('node:diagnostics_channel').then(({ channel }) =>
      channel('airlock:enqueue'),
    );
    expect({ hasSubscribers, active: app.get(Post).active }).toEqual({
      hasSubscribers: false,
      active: [undefined],
    });
  });
});

describe('when an option is wrong', () => {
  it.each([
    [{ relation: 'cousin' }, "Expected `relation` to be 'link' or 'parent'"],
    [{ tracerProvider: {} }, 'Expected `tracerProvider` to be a provider with `getTracer`'],
    [{ traces: true }, 'Unknown option `traces`'],
  ])('refuses %j', async (options, text) => {
    await expect(boot(options as never)).rejects.toThrow(text);
  });
});

describeWith(server, 'when an effect runs in a worker of another process', () => {
  const bench = new Bench();
  beforeEach(startSdk);
  afterEach(stopSdk);

  /** Runs the effects of this test's queue, and tells of the spans that are made there. */
  async function forked(relation: 'link' | 'parent') {
    const told: ToldSpan[] = [];
    const child = fork(join(__dirname, 'worker.app.ts'), [server.url, bench.queue, relation], {
      cwd: join(__dirname, '../../..'),
      execArgv: ['--import', './test/process/typescript.mjs'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const left = once(child, 'exit');
    child.on('message', (message) => {
      if (message !== 'ready') told.push(message as ToldSpan);
    });
    await Promise.race([once(child, 'message'), left]);
    const close = async (): Promise<void> => {
      if (child.connected) child.disconnect();
      await left;
    };
    return { told, close };
  }

  it.each(['link', 'parent'] as const)(
    'has its run there point to the call here, by relation: %s',
    async (relation) => {
      const { told, close } = await forked(relation);
      try {
        const imports = [AirlockOpenTelemetryModule.forRoot({ relation })];
        const producer = await bench.producer({ imports });
        await within(producer, () => producer.get(Mail).send('hello'));
        await until(() => told.length === 2);
        const call = span('create Mail.send').spanContext();
        const [smtp, run] = told as [ToldSpan, ToldSpan];
        expect([smtp.name, run.name]).toEqual(['smtp', 'process Mail.send']);
        expect(run.pid).not.toBe(process.pid);
        expect(smtp).toMatchObject({ traceId: run.traceId, parentSpanId: run.spanId });
        const isIt = (one: { traceId: string; spanId: string | undefined }): boolean =>
          one.traceId === call.traceId && one.spanId === call.spanId;
        expect({
          links: run.links.map(isIt),
          isChild: isIt({ traceId: run.traceId, spanId: run.parentSpanId }),
          isOneTrace: run.traceId === call.traceId,
        }).toEqual(
          relation === 'parent'
            ? { links: [], isChild: true, isOneTrace: true }
            : { links: [true], isChild: false, isOneTrace: false },
        );
        expect(spans('process Mail.send')).toEqual([]);
      } finally {
        await close();
      }
    },
    60_000,
  );
});

describeWith(postgres, 'when effects go through an outbox', () => {
  beforeEach(startSdk);
  afterEach(stopSdk);

  it('counts those that are out and those that are dropped under one executor', async () => {
    const client = await connectPg();
    try {
      const app = await bootOutbox(client, {
        outbox: { executor: new Courier() },
        imports: [AirlockOpenTelemetryModule.forRoot()],
      });
      const mail = app.get(OutboxMail);
      await app.get(AirlockService).run(() => client.transaction(() => mail.send('a')));
      await app.get(AirlockService).run(() => client.transaction(() => mail.apologise('b')));
      const counted = (await measured()).filter(([name]) => name === 'nestjs_airlock.effects');
      await app.close();
      const executor = 'OutboxExecutor';
      expect(counted.map(([, attributes]) => attributes)).toEqual([
        { name: 'Mail.send', executor, outcome: 'dispatched' },
        { name: 'Mail.apologise', executor, outcome: 'dropped', reason: 'outcome' },
      ]);
      expect(span('send Mail.send').attributes).toMatchObject({
        'nestjs_airlock.executor': executor,
      });
    } finally {
      await client.close();
    }
  });
});

describeWith(server, 'when an effect runs in a worker', () => {
  const bench = new Bench();
  beforeEach(startSdk);
  afterEach(stopSdk);

  it('is linked from there to the call, and the hand-over is a span of its own', async () => {
    const imports = [AirlockOpenTelemetryModule.forRoot()];
    const producer = await bench.producer({ imports });
    const worker = await bench.worker({ imports });
    await within(producer, () => producer.get(Mail).send('secret'));
    await until(
      () => worker.get(Mail).sent.length === 1 && spans('process Mail.send').length === 1,
    );
    const [create, send, process] = [
      span('create Mail.send'),
      span('send Mail.send'),
      span('process Mail.send'),
    ];
    const call = create.spanContext();
    expect([create.kind, send.kind, process.kind]).toEqual([
      SpanKind.PRODUCER,
      SpanKind.CLIENT,
      SpanKind.CONSUMER,
    ]);
    for (const { links } of [send, process])
      expect(links.map((link) => link.context.spanId)).toEqual([call.spanId]);
    expect(process.spanContext().traceId).not.toBe(call.traceId);
    expect(
      JSON.stringify(exported.getFinishedSpans().map(({ attributes }) => attributes)),
    ).not.toContain('secret');
  });

  it('is one trace with the call where `relation` says so', async () => {
    const imports = [AirlockOpenTelemetryModule.forRoot({ relation: 'parent' })];
    const producer = await bench.producer({ imports });
    await bench.worker({ imports });
    await within(producer, () => producer.get(Mail).send('hello'));
    await until(() => spans('process Mail.send').length === 1);
    expect(span('process Mail.send').spanContext().traceId).toBe(
      span('create Mail.send').spanContext().traceId,
    );
  });
});

/** Whether the span of an effect's run has one link, to that of its call, in a trace of its own. */
async function isLinked(): Promise<boolean> {
  await until(() => spans('process Mail.send').length === 1);
  const [call, run] = [span('create Mail.send'), span('process Mail.send')];
  const links = run.links.map((link) => link.context.spanId);
  return (
    links.join() === call.spanContext().spanId &&
    run.spanContext().traceId !== call.spanContext().traceId
  );
}

describeWith(postgres, 'when an effect is a row of an outbox, or a job of pg-boss', () => {
  beforeEach(startSdk);
  afterEach(stopSdk);
  const imports = [AirlockOpenTelemetryModule.forRoot()];

  it('is linked to the call after it was a row', async () => {
    const client = await connectPg();
    const app = await bootOutbox(client, { imports });
    await app
      .get(AirlockService)
      .run(() => client.transaction(() => app.get(OutboxMail).send('a')));
    expect(await isLinked()).toBe(true);
    await app.close();
    await client.close();
  });

  it('is linked to the call after it was a job', async () => {
    const database = onPostgres(12);
    const app = await bootPgBoss({
      pgBoss: { boss: database.boss(), queues: NOTIFY, worker: { pollingIntervalSeconds: 0.5 } },
      providers: [PgBossMail],
      imports,
    });
    await app.get(AirlockService).run(() => app.get(PgBossMail).send('a'));
    expect(await isLinked()).toBe(true);
    await app.close();
    await database.close();
  });
});

describeWith(carriers.redis.server, 'when an effect is a message of a microservice', () => {
  const bench = new MicroBench(carriers.redis);
  beforeEach(startSdk);
  afterEach(stopSdk);

  it('is linked to the call', async () => {
    const imports = [AirlockOpenTelemetryModule.forRoot()];
    await bench.consumer({ imports });
    const producer = await bench.producer({ imports });
    await within(producer, () => producer.get(MicroMail).send('a'));
    expect(await isLinked()).toBe(true);
  });
});
