import {
  type CanActivate,
  Get,
  type INestApplication,
  type INestApplicationContext,
  Inject,
  Injectable,
  type LoggerService,
  Module,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  AirlockModule,
  type AirlockModuleOptions,
  EffectBuffer,
  type EffectTrigger,
} from 'nestjs-airlock';
import { checkForLeaks, drain, recordEffects, recorderOf } from 'nestjs-airlock/testing';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export { until } from '../../until.js';

export type Platform = () => AbstractHttpAdapter;

export const platforms: readonly (readonly [string, Platform])[] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
];

/** What Express responses and Fastify replies have in common. */
export interface Reply {
  status(code: number): Reply;
  send(body?: unknown): unknown;
  redirect(url: string): unknown;
}

/** What became of the three effects of `Effects.all`, by what their scope came to. */
export const COMPLETED = { out: ['success', 'always'], dropped: ['failure'] };
export const FAILED = { out: ['failure', 'always'], dropped: ['success'] };
export const CANCELLED = { out: ['always'], dropped: ['success', 'failure'] };

/** The outside world of one application. */
@Injectable()
export class Outbox {
  readonly sent: string[] = [];
}

@Injectable()
export class Effects {
  constructor(
    @Inject(EffectBuffer) readonly buffer: EffectBuffer,
    @Inject(Outbox) readonly outbox: Outbox,
  ) {}

  /** One effect for each trigger, named like it. */
  all(): void {
    for (const on of ['success', 'failure', 'always'] as const) this.one(on, on);
  }

  one(text: string, on: EffectTrigger = 'success'): void {
    this.buffer.enqueueWith(
      { name: text, on },
      (sent: string) => void this.outbox.sent.push(sent),
      text,
    );
  }
}

/** Base of a controller that calls one effect for each trigger, and answers or fails. */
export abstract class PlacesOrFails {
  constructor(@Inject(Effects) protected readonly effects: Effects) {}
  @Get('place')
  place(): string {
    this.effects.all();
    return 'placed';
  }
  @Get('fails')
  fails(): never {
    this.effects.all();
    throw new Error('sold out');
  }
}

@Injectable()
export class DenyingGuard implements CanActivate {
  constructor(@Inject(Effects) private readonly effects: Effects) {}
  canActivate(): boolean {
    this.effects.all();
    return false;
  }
}

interface LogLine {
  readonly level: string;
  readonly text: string;
  readonly context: unknown;
}

/** A logger that keeps what it is given. */
export class Log implements LoggerService {
  readonly lines: LogLine[] = [];
  readonly log = this.at('log');
  readonly error = this.at('error');
  readonly warn = this.at('warn');

  /** Airlock's own lines. */
  airlock(level: 'log' | 'error' | 'warn'): readonly string[] {
    return this.lines
      .filter((line) => line.level === level && line.context === 'Airlock')
      .map(({ text }) => text);
  }

  private at(level: string) {
    return (...parts: unknown[]): void => {
      this.lines.push({
        level,
        text: parts
          .slice(0, -1)
          .filter((part) => part !== undefined)
          .map(String)
          .join('\n'),
        context: parts.at(-1),
      });
    };
  }
}

const unhandled: unknown[] = [];
const onUnhandled = (error: unknown): void => void unhandled.push(error);
const running: INestApplicationContext[] = [];
const recordings: (() => void)[] = [];

/**
 * Closes what a test started, and fails it for a scope that never ended or an unhandled rejection.
 */
export function checkAfterEach(): void {
  // 200 connections take a loaded machine some seconds.
  jest.setTimeout(60_000);
  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', onUnhandled);
  });
  afterEach(async () => {
    for (const app of running.splice(0)) await app.close();
    for (const stop of recordings.splice(0)) stop();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).toEqual([]);
  });
  // Once the applications are closed.
  checkForLeaks();
}

/** Keeps a record of what becomes of the effects of an application until the end of the test. */
export function recorded<App extends INestApplicationContext>(app: App): App {
  recordings.push(recordEffects(app));
  return app;
}

/** An application without a server. */
export interface Booted<App extends INestApplicationContext = INestApplicationContext> {
  readonly app: App;
  readonly log: Log;
  readonly sent: string[];
  /** What got out and what was dropped, once everything has ended. */
  readonly fate: () => Promise<{ out: readonly string[]; dropped: readonly string[] }>;
}

export interface Running extends Booted<INestApplication> {
  readonly url: string;
  readonly request: (
    path: string,
    init?: RequestInit,
  ) => Promise<{ status: number; body: string; headers: Headers }>;
}

/** An application of its own, listening on a free port. */
export async function listen(
  platform: Platform,
  metadata: ModuleMetadata,
  options?: AirlockModuleOptions,
) {
  return serve(platform, withAirlock(metadata, options));
}

/** `listen` for a module that imports Airlock itself. */
export async function serve(
  platform: Platform,
  module: Type,
  configure: (app: INestApplication) => void = () => {},
): Promise<Running> {
  const log = new Log();
  const app = await NestFactory.create(module, platform() as ExpressAdapter, {
    logger: log,
    abortOnError: false,
  });
  const booted = observe(app, log);
  configure(app);
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${((app.getHttpServer() as Server).address() as AddressInfo).port}`;
  return {
    ...booted,
    url,
    async request(path, init) {
      const response = await fetch(url + path, { redirect: 'manual', ...init });
      return { status: response.status, body: await response.text(), headers: response.headers };
    },
  };
}

/** An application of its own that has no server. */
export async function boot(
  metadata: ModuleMetadata,
  options?: AirlockModuleOptions,
): Promise<Booted> {
  return bootModule(withAirlock(metadata, options));
}

/** `boot` for a module that imports Airlock itself. */
export async function bootModule(module: Type): Promise<Booted> {
  const log = new Log();
  return observe(
    await NestFactory.createApplicationContext(module, { logger: log, abortOnError: false }),
    log,
  );
}

function observe<App extends INestApplicationContext>(app: App, log: Log): Booted<App> {
  running.push(app);
  if (hasAirlock(app)) recorded(app);
  const { sent } = app.get(Outbox, { strict: false });
  return {
    app,
    log,
    sent,
    async fate() {
      await drain(app, { timeoutMs: 10_000 });
      return fateOf(app);
    },
  };
}

function hasAirlock(app: INestApplicationContext): boolean {
  try {
    return app.get(EffectBuffer, { strict: false }) instanceof EffectBuffer;
  } catch {
    return false;
  }
}

/** What has got out so far, and what was dropped. */
export function fateOf(app: INestApplicationContext): Awaited<ReturnType<Booted['fate']>> {
  const { sent } = app.get(Outbox, { strict: false });
  return { out: [...sent], dropped: recorderOf(app).dropped.map(({ intent }) => intent.name) };
}

function withAirlock(metadata: ModuleMetadata, options: AirlockModuleOptions | undefined): Type {
  return moduleOf({
    ...metadata,
    imports: [AirlockModule.forRoot(options), ...(metadata.imports ?? [])],
  });
}

/** A module class with the fixtures' providers. */
export function moduleOf(metadata: ModuleMetadata): Type {
  class TestModule {}
  Module({ ...metadata, providers: [Outbox, Effects, ...(metadata.providers ?? [])] })(TestModule);
  return TestModule;
}

/** A Promise and what opens it. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open: () => open() };
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
