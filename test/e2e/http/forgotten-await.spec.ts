import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Injectable,
  UseFilters,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ScopeClosedError, SideEffect } from 'nestjs-airlock';
import { checkAfterEach, delay, Effects, gate, listen, Outbox, platforms } from './fixtures.js';

@Injectable()
class Mail {
  constructor(private readonly outbox: Outbox) {}
  @SideEffect()
  async send(to: string): Promise<void> {
    await Promise.resolve();
    this.outbox.sent.push(to);
  }
}

@Injectable()
class Work {
  readonly gate = gate();
  forgotten: Promise<unknown>[] = [];
  constructor(
    private readonly mail: Mail,
    private readonly effects: Effects,
  ) {}
  async mailLate(): Promise<void> {
    await this.gate.passed;
    await this.mail.send('late');
  }
  async enqueueLate(): Promise<void> {
    await this.gate.passed;
    this.effects.one('late');
  }
}

@Catch()
class Forgiving implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}
  catch(_error: unknown, host: ArgumentsHost): void {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), 'all is well', 200);
  }
}

@Controller()
class ForgetfulController {
  constructor(
    private readonly work: Work,
    private readonly mail: Mail,
  ) {}
  @Get('work')
  async forgetsWork() {
    await this.mail.send('in time');
    this.work.forgotten = [this.work.mailLate(), this.work.enqueueLate()];
    return 'done';
  }
  @Get('failing')
  @UseFilters(Forgiving)
  failsAndForgetsWork() {
    this.work.forgotten = [this.work.mailLate(), this.work.enqueueLate()];
    throw new Error('handled by a filter');
  }
  @Get('mail')
  forgetsMail() {
    void this.mail.send('not awaited');
    return 'done';
  }
}

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();
  const parts = { controllers: [ForgetfulController], providers: [Work, Mail] };

  describe('when a handler forgets to await work that calls effects after its end', () => {
    it('drops them and logs scope, effect, what closed it and the stack of the call', async () => {
      const server = await listen(platform, parts);
      const work = server.app.get(Work);
      expect((await server.request('/work')).status).toBe(200);
      work.gate.open();
      await Promise.all(work.forgotten);
      const where =
        'was called in scope "ForgetfulController.forgetsWork" after it had ended (flushed; closed by the end of the handler)';
      expect(server.log.airlock('error')).toEqual([
        expect.stringContaining(`Effect "Mail.send" ${where}`),
        expect.stringContaining(`Effect "late" ${where}`),
      ]);
      for (const line of server.log.airlock('error'))
        expect(line).toMatch(/at .*Late.*forgotten-await/);
      expect(await server.fate()).toEqual({ out: ['in time'], dropped: ['Mail.send', 'late'] });
    });

    it("rejects them with a ScopeClosedError under `lateCalls: 'throw'`", async () => {
      const server = await listen(platform, parts, { lateCalls: 'throw' });
      const work = server.app.get(Work);
      await server.request('/work');
      work.gate.open();
      const outcomes = await Promise.allSettled(work.forgotten);
      const errors = outcomes.map(
        (outcome) => outcome.status === 'rejected' && (outcome.reason as ScopeClosedError),
      );
      expect(errors).toEqual([expect.any(ScopeClosedError), expect.any(ScopeClosedError)]);
      expect(errors).toMatchObject([{ effect: 'Mail.send' }, { effect: 'late' }]);
      expect(await server.fate()).toEqual({ out: ['in time'], dropped: [] });
    });

    it("lets them out under `lateCalls: 'follow'`", async () => {
      const server = await listen(platform, parts, { lateCalls: 'follow' });
      const work = server.app.get(Work);
      await server.request('/work');
      work.gate.open();
      await Promise.all(work.forgotten);
      expect(await server.fate()).toEqual({ out: ['in time', 'late', 'late'], dropped: [] });
    });

    it("drops them under `lateCalls: 'follow'` after a handler that failed, whatever a filter has sent", async () => {
      const server = await listen(platform, parts, { lateCalls: 'follow' });
      const work = server.app.get(Work);
      expect((await server.request('/failing')).status).toBe(200);
      await delay(20);
      work.gate.open();
      await Promise.all(work.forgotten);
      expect(await server.fate()).toEqual({ out: [], dropped: ['Mail.send', 'late'] });
    });

    it('goes on serving', async () => {
      const server = await listen(platform, parts);
      const work = server.app.get(Work);
      await server.request('/work');
      work.gate.open();
      await Promise.all(work.forgotten);
      expect((await server.request('/mail')).status).toBe(200);
      expect(await server.fate()).toEqual({
        out: ['in time', 'not awaited'],
        dropped: ['Mail.send', 'late'],
      });
    });
  });

  describe('when a handler forgets to await the effect itself', () => {
    it('loses nothing: the call was buffered in time', async () => {
      const server = await listen(platform, parts);
      expect((await server.request('/mail')).body).toBe('done');
      expect(await server.fate()).toEqual({ out: ['not awaited'], dropped: [] });
    });
  });
});
