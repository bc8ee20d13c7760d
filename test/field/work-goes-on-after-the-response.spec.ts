import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  HttpCode,
  Injectable,
  type NestInterceptor,
  RequestTimeoutException,
  UseInterceptors,
} from '@nestjs/common';
import { AsyncResource } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import {
  AirlockService,
  AssertNoEffects,
  detached,
  DropAll,
  openFrame,
  SideEffect,
  UseAirlockPolicy,
  withPolicy,
} from 'nestjs-airlock';
import { catchError, type Observable, throwError, timeout, TimeoutError } from 'rxjs';
import {
  checkAfterEach,
  Effects,
  gate,
  listen,
  Outbox,
  platforms,
  type Running,
  until,
} from '../e2e/http/fixtures.js';

const uncaught: unknown[] = [];
const onUncaught = (error: unknown): void => void uncaught.push(error);

@Injectable()
class Mail {
  constructor(private readonly outbox: Outbox) {}
  @SideEffect()
  async send(id: string): Promise<void> {
    await turn();
    this.outbox.sent.push(`mail ${id}`);
  }
}

/**
 * One worker that takes work off a list, as p-queue does: it goes on in the context of whoever woke
 * it.
 */
@Injectable()
class Line {
  private readonly waiting: (() => void)[] = [];
  private isAtWork = false;

  add<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => void work().then(resolve, reject));
      if (!this.isAtWork) void this.workOff();
    });
  }

  private async workOff(): Promise<void> {
    this.isAtWork = true;
    await turn();
    await this.paused;
    for (let work = this.waiting.shift(); work !== undefined; work = this.waiting.shift()) work();
    this.isAtWork = false;
  }

  paused: Promise<void> = Promise.resolve();
}

/** What goes on after the response waits for this. */
@Injectable()
class Later {
  readonly answered = gate();
  readonly logged: unknown[] = [];
  readonly timers: NodeJS.Timeout[] = [];
  ticks = 0;
  done = 0;
}

class Impatient implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      timeout(20),
      catchError((error: unknown) =>
        throwError(() => (error instanceof TimeoutError ? new RequestTimeoutException() : error)),
      ),
    );
  }
}

@Controller()
class Desk {
  constructor(
    private readonly mail: Mail,
    private readonly effects: Effects,
    private readonly later: Later,
    private readonly line: Line,
    private readonly airlock: AirlockService,
  ) {}

  @Get('reminder')
  remind() {
    setTimeout(() => {
      this.mail
        .send('reminder')
        .catch((error: unknown) => this.later.logged.push(error))
        .finally(() => this.later.done++);
    }, 10);
    return 'ok';
  }

  @Get('report')
  @HttpCode(202)
  report() {
    void this.build();
    return 'accepted';
  }

  private async build(): Promise<void> {
    await this.later.answered.passed;
    await this.mail.send('report');
    this.effects.one('report');
    this.later.done++;
  }

  @Get('poller')
  poll() {
    this.later.timers.push(setInterval(() => (this.later.ticks++, this.effects.one('tick')), 5));
    return 'polling';
  }

  @Get('detached-poller')
  @UseAirlockPolicy(DropAll)
  pollApart() {
    const tick = (): void =>
      void this.airlock.run(() => (this.later.ticks++, this.effects.one('tick')));
    this.later.timers.push(detached(() => setInterval(tick, 5)));
    return 'polling';
  }

  @Get('poller-with-scopes')
  @UseAirlockPolicy(DropAll)
  pollInScopes() {
    const tick = (): void =>
      void this.airlock.run(() => (this.later.ticks++, this.effects.one('tick')));
    this.later.timers.push(withPolicy(DropAll, () => setInterval(tick, 5)));
    return 'polling';
  }

  @Get('slow')
  @UseInterceptors(new Impatient())
  async slow() {
    const orders = openFrame({ name: 'orders' });
    await orders.run(async () => {
      await this.mail.send('in time');
      await this.later.answered.passed;
      await this.mail.send('too late');
      await orders.commit();
    });
    this.later.done++;
  }

  @Get('first')
  first() {
    void this.line.add(async () => {});
    return 'queued';
  }

  @Get('second')
  async second() {
    await this.line.add(() => this.mail.send('of the second'));
    return 'queued';
  }

  @Get('second-bound')
  async secondBound() {
    await this.line.add(AsyncResource.bind(() => this.mail.send('of the second')));
    return 'queued';
  }

  @Get('guarded')
  @UseAirlockPolicy(AssertNoEffects)
  async guarded() {
    void this.mail.send('forbidden');
    await turn();
    return 'unreached';
  }

  @Get('guarded-sync')
  @UseAirlockPolicy(AssertNoEffects)
  guardedAtOnce() {
    void this.mail.send('forbidden').finally(() => {});
    return 'unreached';
  }

  @Get('guarded-heard')
  @UseAirlockPolicy(AssertNoEffects)
  async heard() {
    const [outcome] = await Promise.allSettled([this.mail.send('forbidden')]);
    this.mail.send('forbidden').catch(() => {});
    return outcome.status;
  }
}

describe.each(platforms)('on %s', (_name, platform) => {
  // Before the application closes: a poller is stopped by whoever started it.
  afterEach(() => later.timers.forEach((timer) => clearInterval(timer)));
  checkAfterEach();
  beforeEach(() => {
    uncaught.length = 0;
    process.on('uncaughtException', onUncaught);
  });
  afterEach(() => {
    process.off('uncaughtException', onUncaught);
    if (uncaught.length > 0) throw new Error('Uncaught errors', { cause: uncaught });
  });

  let server: Running;
  let later: Later;
  beforeEach(async () => {
    server = await listen(platform, { controllers: [Desk], providers: [Mail, Later, Line] });
    later = server.app.get(Later);
  });
  const errors = (): readonly string[] => server.log.airlock('error');

  describe('when a timer calls an effect after the response, with a `.catch`', () => {
    it('ends neither the process nor the chain, and the log names the call', async () => {
      expect((await server.request('/reminder')).body).toBe('ok');
      await until(() => later.done === 1);
      expect(later.logged).toEqual([]);
      expect(errors()).toHaveLength(1);
      expect(errors()[0]).toContain(
        'Effect "Mail.send" was called in scope "Desk.remind" after it had ended',
      );
      expect(errors()[0]).toMatch(/at .*work-goes-on-after-the-response/);
      expect((await server.request('/reminder')).status).toBe(200);
      await until(() => later.done === 2);
    });
  });

  describe('when work is left behind by a 202', () => {
    it('goes on to its end, and each of its effects is logged and dropped', async () => {
      expect((await server.request('/report')).status).toBe(202);
      later.answered.open();
      await until(() => later.done === 1);
      expect(errors()).toEqual([
        expect.stringContaining('Effect "Mail.send" was called in scope "Desk.report"'),
        expect.stringContaining('Effect "report" was called in scope "Desk.report"'),
      ]);
      expect(await server.fate()).toEqual({ out: [], dropped: ['Mail.send', 'report'] });
    });
  });

  describe('when the first request starts a poller', () => {
    it('keeps polling: its calls are logged and dropped', async () => {
      await server.request('/poller');
      await until(() => later.ticks >= 3);
      expect(errors().length).toBeGreaterThanOrEqual(2);
      expect(server.sent).toEqual([]);
    });

    it.each([['/detached-poller'], ['/poller-with-scopes']])(
      'lets out what is called in a scope of each tick, under no policy of that request: %s',
      async (path) => {
        await server.request(path);
        await until(() => later.ticks >= 3 && server.sent.length >= 2);
        expect(errors()).toEqual([]);
      },
    );
  });

  describe('when a timeout interceptor answers and the handler goes on to its commit', () => {
    it('logs what becomes of effects in the transaction, and the late one', async () => {
      expect((await server.request('/slow')).status).toBe(408);
      later.answered.open();
      await until(() => later.done === 1);
      expect(errors()).toEqual([
        expect.stringContaining(
          'only those for that outcome (`on`) wait for its commit, and the others are dropped',
        ),
        expect.stringContaining(
          'Effect "Mail.send" was called in scope "Desk.slow" after it had ended (discarded',
        ),
      ]);
      expect(await server.fate()).toEqual({ out: [], dropped: ['Mail.send', 'Mail.send'] });
    });
  });

  describe("when a queue in a provider runs one request's work in the context of another", () => {
    it('names that cause where the other has been answered', async () => {
      const resume = gate();
      server.app.get(Line).paused = resume.passed;
      expect((await server.request('/first')).status).toBe(200);
      const second = server.request('/second');
      await turn();
      await until(
        () => (server.app.get(Line) as unknown as { waiting: unknown[] }).waiting.length === 2,
      );
      resume.open();
      expect((await second).status).toBe(200);
      expect(errors()).toHaveLength(1);
      expect(errors()[0]).toContain('in scope "Desk.first"');
      expect(errors()[0]).toContain('`AsyncResource.bind(...)`');
    });

    it('gives a bound call to whoever made it', async () => {
      const resume = gate();
      server.app.get(Line).paused = resume.passed;
      await server.request('/first');
      const second = server.request('/second-bound');
      await until(
        () => (server.app.get(Line) as unknown as { waiting: unknown[] }).waiting.length === 2,
      );
      resume.open();
      expect((await second).status).toBe(200);
      expect(await server.fate()).toEqual({ out: ['mail of the second'], dropped: [] });
      expect(errors()).toEqual([]);
    });
  });

  describe('when effects are forbidden and an `await` is missing', () => {
    it.each([['/guarded'], ['/guarded-sync']])('the request fails: %s', async (path) => {
      expect((await server.request(path)).status).toBe(500);
      expect(await server.fate()).toEqual({ out: [], dropped: [] });
    });

    it('the handler may hear of it, and goes on', async () => {
      expect((await server.request('/guarded-heard')).body).toBe('rejected');
    });
  });
});
