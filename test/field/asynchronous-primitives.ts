import { AsyncResource } from 'node:async_hooks';
import { exec } from 'node:child_process';
import { pbkdf2, randomBytes } from 'node:crypto';
import { lookup } from 'node:dns';
import { EventEmitter, EventEmitterAsyncResource, on, once } from 'node:events';
import { readFile } from 'node:fs';
import { readFile as readFilePromise } from 'node:fs/promises';
import { Agent, createServer, request, type Server } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server as TcpServer,
} from 'node:net';
import { createInterface } from 'node:readline';
import { PassThrough, pipeline, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MessageChannel, Worker } from 'node:worker_threads';
import { gzip } from 'node:zlib';
import {
  concatMap,
  defer,
  from,
  interval,
  mergeMap,
  of,
  ReplaySubject,
  shareReplay,
  Subject,
  take,
} from 'rxjs';
import { detached } from 'nestjs-airlock';

/**
 * In whose scope a callback runs: the one that hands it over, the one that made the primitive, the
 * one that sets it off, or in none.
 */
export type Decides = 'caller' | 'creator' | 'trigger' | 'none';

export interface Primitive<R = never> {
  readonly decides: Decides;
  /** Made by one unit of work. */
  readonly create?: () => R | Promise<R>;
  /** Used by another; resolves once `see` was called, unless `trigger` sets it off. */
  readonly call: (primitive: R, see: () => void) => unknown;
  /** Set off by a third. */
  readonly trigger?: (primitive: R) => unknown;
  readonly end?: (primitive: R) => unknown;
}

function primitive<R>(one: Primitive<R>): Primitive {
  return one as unknown as Primitive;
}

/** A queue of jobs, as p-queue and the like: one after the other. */
class JobQueue {
  private readonly jobs: (() => Promise<void>)[] = [];
  private isRunning = false;

  add(job: () => Promise<void>): void {
    this.jobs.push(job);
    if (!this.isRunning) void this.work();
  }

  private async work(): Promise<void> {
    this.isRunning = true;
    for (let job = this.jobs.shift(); job !== undefined; job = this.jobs.shift()) await job();
    this.isRunning = false;
  }
}

/** Collects what is asked for and asks once, as DataLoader. */
class Loader {
  private asked: ((value: string) => void)[] = [];

  constructor(private readonly batch: () => void) {}

  load(): Promise<string> {
    if (this.asked.length === 0) setImmediate(() => this.send());
    return new Promise((resolve) => this.asked.push(resolve));
  }

  private send(): void {
    this.batch();
    for (const resolve of this.asked.splice(0)) resolve('loaded');
  }
}

/** One connection for all, as generic-pool: with callbacks, or with Promises. */
class Pool {
  private waiting: (() => void)[] = [];

  acquire(callback: () => void): void {
    this.waiting.push(callback);
  }
  acquired(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
  release(): void {
    for (const callback of this.waiting.splice(0)) callback();
  }
}

function httpServer(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((_, response) => response.end('ok'));
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
const portOf = (server: Server | TcpServer): number => (server.address() as AddressInfo).port;
const quick = async (): Promise<void> => sleep(1);

export const primitives: Readonly<Record<string, Primitive>> = {
  // Those that carry the context of whoever hands the callback over.
  'async functions': primitive({
    decides: 'caller',
    call: async (_, see) => (await quick(), see()),
  }),
  'a Promise that another resolves': primitive({
    decides: 'caller',
    create: () => {
      let resolve = (): void => {};
      return { promise: new Promise<void>((ok) => (resolve = ok)), resolve: () => resolve() };
    },
    call: ({ promise }, see) => void promise.then(see),
    trigger: ({ resolve }) => resolve(),
  }),
  setTimeout: primitive({ decides: 'caller', call: (_, see) => setTimeout(see, 1) }),
  setInterval: primitive({
    decides: 'caller',
    call: (_, see) => {
      const timer = setInterval(() => (see(), clearInterval(timer)), 1);
    },
  }),
  setImmediate: primitive({ decides: 'caller', call: (_, see) => setImmediate(see) }),
  queueMicrotask: primitive({ decides: 'caller', call: (_, see) => queueMicrotask(see) }),
  'process.nextTick': primitive({ decides: 'caller', call: (_, see) => process.nextTick(see) }),
  'timers/promises': primitive({
    decides: 'caller',
    call: async (_, see) => (await sleep(1), see()),
  }),
  'util.promisify': primitive({
    decides: 'caller',
    call: async (_, see) => (
      await promisify((done: () => void) => void setTimeout(done, 1))(),
      see()
    ),
  }),
  'fs callbacks': primitive({ decides: 'caller', call: (_, see) => readFile('package.json', see) }),
  'fs/promises': primitive({
    decides: 'caller',
    call: async (_, see) => (await readFilePromise('package.json'), see()),
  }),
  'dns.lookup': primitive({ decides: 'caller', call: (_, see) => lookup('localhost', see) }),
  'crypto.randomBytes': primitive({ decides: 'caller', call: (_, see) => randomBytes(16, see) }),
  'crypto.pbkdf2': primitive({
    decides: 'caller',
    call: (_, see) => pbkdf2('a', 'b', 1, 16, 'sha256', see),
  }),
  'zlib.gzip': primitive({ decides: 'caller', call: (_, see) => gzip('text', see) }),
  'child_process.exec': primitive({ decides: 'caller', call: (_, see) => exec('true', see) }),
  'net.connect': primitive({
    decides: 'caller',
    create: () =>
      new Promise<TcpServer>((resolve) => {
        const server = createTcpServer((socket) => socket.end());
        server.listen(0, '127.0.0.1', () => resolve(server));
      }),
    call: (server, see) => connect(portOf(server), '127.0.0.1', see),
    end: (server) => server.close(),
  }),
  'http.request over a connection that another has made': primitive({
    decides: 'caller',
    create: async () => {
      const server = await httpServer();
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      await new Promise<void>((resolve) => {
        request({ port: portOf(server), host: '127.0.0.1', agent }, (response) =>
          response.resume().on('close', () => setImmediate(resolve)),
        ).end();
      });
      return { server, agent };
    },
    call: ({ server, agent }, see) =>
      void request(
        { port: portOf(server), host: '127.0.0.1', agent },
        (response) => (see(), response.resume()),
      ).end(),
    end: ({ server, agent }) => (agent.destroy(), server.close()),
  }),
  'fetch (undici)': primitive({
    decides: 'caller',
    create: async () => {
      const server = await httpServer();
      await (await fetch(`http://127.0.0.1:${portOf(server)}`)).text();
      return server;
    },
    call: async (server, see) => {
      await (await fetch(`http://127.0.0.1:${portOf(server)}`)).text();
      see();
    },
    end: (server) => (server.closeAllConnections(), server.close()),
  }),
  'events.once': primitive({
    decides: 'caller',
    create: () => new EventEmitter(),
    call: (emitter, see) => void once(emitter, 'event').then(see),
    trigger: (emitter) => emitter.emit('event'),
  }),
  'for await of events.on': primitive({
    decides: 'caller',
    create: () => new EventEmitter(),
    call: async (emitter, see) => {
      for await (const _ of on(emitter, 'event')) return see();
    },
    trigger: (emitter) => emitter.emit('event'),
  }),
  'for await of a stream': primitive({
    decides: 'caller',
    create: () => new PassThrough(),
    call: async (stream, see) => {
      for await (const _ of stream) return see();
    },
    trigger: (stream) => stream.end('data'),
  }),
  'stream.pipeline': primitive({
    decides: 'caller',
    call: (_, see) => pipeline(Readable.from(['a']), new PassThrough().resume(), see),
  }),
  'for await of readline': primitive({
    decides: 'caller',
    create: () => new PassThrough(),
    call: async (input, see) => {
      for await (const _ of createInterface({ input })) return see();
    },
    trigger: (input) => input.end('line\n'),
  }),
  'Atomics.waitAsync': primitive({
    decides: 'caller',
    create: () => new Int32Array(new SharedArrayBuffer(4)),
    call: async (cell, see) => {
      const atomics = Atomics as unknown as {
        waitAsync(of: Int32Array, at: number, is: number): { readonly value: unknown };
      };
      await atomics.waitAsync(cell, 0, 0).value;
      see();
    },
    trigger: (cell) => Atomics.notify(cell, 0),
  }),
  'a pool that gives Promises': primitive({
    decides: 'caller',
    create: () => new Pool(),
    call: async (pool, see) => (await pool.acquired(), see()),
    trigger: (pool) => pool.release(),
  }),
  'rxjs: timers and what is made at the subscription': primitive({
    decides: 'caller',
    create: () =>
      interval(1).pipe(
        take(1),
        mergeMap(async () => quick()),
      ),
    call: (source, see) => source.subscribe(see),
  }),
  'AsyncResource.bind': primitive({
    decides: 'caller',
    create: () => new EventEmitter(),
    call: (emitter, see) => emitter.on('event', AsyncResource.bind(see)),
    trigger: (emitter) => emitter.emit('event'),
  }),

  // Those where whoever sets them off decides.
  EventEmitter: primitive({
    decides: 'trigger',
    create: () => new EventEmitter(),
    call: (emitter, see) => emitter.on('event', see),
    trigger: (emitter) => emitter.emit('event'),
  }),
  EventTarget: primitive({
    decides: 'trigger',
    create: () => new EventTarget(),
    call: (target, see) => target.addEventListener('event', see),
    trigger: (target) => target.dispatchEvent(new Event('event')),
  }),
  'AbortSignal, its event': primitive({
    decides: 'trigger',
    create: () => new AbortController(),
    call: ({ signal }, see) => signal.addEventListener('abort', see),
    trigger: (controller) => controller.abort(),
  }),
  'process.on': primitive({
    decides: 'trigger',
    call: (_, see) => process.once('airlock-test' as never, see as never),
    trigger: () => process.emit('airlock-test' as never),
  }),
  'a stream, its data event': primitive({
    decides: 'trigger',
    create: () => new PassThrough(),
    call: (stream, see) => stream.on('data', see),
    trigger: (stream) => stream.end('data'),
  }),
  'rxjs: a Subject': primitive({
    decides: 'trigger',
    create: () => new Subject<number>(),
    call: (subject, see) => subject.subscribe(see),
    trigger: (subject) => subject.next(1),
  }),
  'rxjs: a ReplaySubject that is still empty': primitive({
    decides: 'trigger',
    create: () => new ReplaySubject<number>(),
    call: (subject, see) => subject.subscribe(see),
    trigger: (subject) => subject.next(1),
  }),
  'a pool with callbacks': primitive({
    decides: 'trigger',
    create: () => new Pool(),
    call: (pool, see) => pool.acquire(see),
    trigger: (pool) => pool.release(),
  }),

  // Those that carry the context of whoever made them, or began.
  EventEmitterAsyncResource: primitive({
    decides: 'creator',
    create: () => new EventEmitterAsyncResource({ name: 'test' }),
    call: (emitter, see) => emitter.on('event', see),
    trigger: (emitter) => emitter.emit('event'),
  }),
  'a queue of jobs that is at work': primitive({
    decides: 'creator',
    create: () => {
      const queue = new JobQueue();
      let finish = (): void => {};
      queue.add(() => new Promise((resolve) => (finish = resolve)));
      return { queue, finish: () => finish() };
    },
    call: ({ queue }, see) => queue.add(async () => see()),
    trigger: ({ finish }) => finish(),
  }),
  'rxjs: concatMap behind a shared Subject': primitive({
    decides: 'creator',
    create: () => {
      const jobs = new Subject<() => Promise<void>>();
      jobs.pipe(concatMap((job) => defer(() => from(job())))).subscribe();
      let finish = (): void => {};
      jobs.next(() => new Promise((resolve) => (finish = resolve)));
      return { jobs, finish: () => finish() };
    },
    call: ({ jobs }, see) => jobs.next(async () => see()),
    trigger: ({ finish }) => finish(),
  }),
  'a DataLoader, its batch': primitive({
    decides: 'creator',
    create: () => {
      let batch = (): void => {};
      const loader = new Loader(() => batch());
      void loader.load();
      return { loader, onBatch: (see: () => void) => (batch = see) };
    },
    call: ({ loader, onBatch }, see) => (onBatch(see), void loader.load()),
  }),
  'rxjs: shareReplay, its source': primitive({
    decides: 'creator',
    create: () => {
      let seen = (): void => {};
      const source = defer(() => of(1).pipe(mergeMap(async () => (await sleep(5), seen())))).pipe(
        shareReplay(1),
      );
      source.subscribe();
      return { source, onSource: (see: () => void) => (seen = see) };
    },
    call: ({ source, onSource }, see) => (onSource(see), source.subscribe()),
  }),
  'a socket, its data event': primitive({
    decides: 'creator',
    create: () =>
      new Promise<{ server: TcpServer; socket: ReturnType<typeof connect>; send: () => void }>(
        (resolve) => {
          const server = createTcpServer((other) =>
            resolve({ server, socket, send: () => void other.end('data') }),
          );
          let socket: ReturnType<typeof connect>;
          server.listen(0, '127.0.0.1', () => (socket = connect(portOf(server), '127.0.0.1')));
        },
      ),
    call: ({ socket }, see) => socket.once('data', see),
    trigger: ({ send }) => send(),
    end: ({ server }) => server.close(),
  }),
  'a MessagePort': primitive({
    decides: 'creator',
    create: () => new MessageChannel(),
    call: ({ port1 }, see) => port1.once('message', see),
    trigger: ({ port2 }) => port2.postMessage(1),
    end: ({ port1 }) => port1.close(),
  }),
  'a worker thread, its messages': primitive({
    decides: 'creator',
    create: () =>
      new Worker(
        `require('node:worker_threads').parentPort.on('message', (m) => { require('node:worker_threads').parentPort.postMessage(m) })`,
        { eval: true },
      ),
    call: (worker, see) => worker.once('message', see),
    trigger: (worker) => worker.postMessage(1),
    end: (worker) => worker.terminate(),
  }),
  'a child process, its exit event': primitive({
    decides: 'creator',
    create: () => exec('sleep 0.05'),
    call: (child, see) => child.once('exit', see),
  }),

  // Those in no scope.
  'a timer made with detached': primitive({
    decides: 'none',
    call: (_, see) => detached(() => setTimeout(see, 1)),
  }),
};
