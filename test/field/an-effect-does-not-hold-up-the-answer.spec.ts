import { Controller, Get, Injectable, StreamableFile } from '@nestjs/common';
import { Airlock, AirlockService, openFrame, SideEffect } from 'nestjs-airlock';
import { createReadStream } from 'node:fs';
import {
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  gate,
  listen,
  Outbox,
  platforms,
} from '../e2e/http/fixtures.js';

@Injectable()
class Mail {
  readonly slow = gate();
  constructor(private readonly outbox: Outbox) {}
  @SideEffect({ dispatch: 'afterResponse' })
  async send(to: string): Promise<void> {
    await this.slow.passed;
    this.outbox.sent.push(`mail to ${to}`);
  }
  @SideEffect({ dispatch: 'afterResponse', on: 'always' })
  async fail(): Promise<void> {
    throw new Error('SMTP');
  }
}

@Controller()
class AnswerController {
  readonly frame = openFrame();
  constructor(
    private readonly mail: Mail,
    private readonly effects: Effects,
    private readonly airlock: AirlockService,
  ) {}
  @Get('patient')
  async patient() {
    await this.mail.send('ada');
    this.effects.one('prompt');
    return 'answer';
  }
  @Get('nested')
  async nested() {
    await this.airlock.run(async () => this.mail.send('ada'));
    return 'answer';
  }
  @Get('cascade')
  cascade() {
    this.effects.buffer.enqueue(() => this.mail.send('ada'));
    return 'answer';
  }
  @Get('open-transaction')
  async openTransaction() {
    await this.frame.run(async () => this.mail.send('ada'));
    return 'answer';
  }
  @Get('fails')
  async fails() {
    await this.mail.send('ada');
    throw new Error('no order');
  }
  @Get('mail-fails')
  async mailFails() {
    await this.mail.fail();
    return 'answer';
  }
  @Get('handler')
  @Airlock({ dispatch: 'afterResponse' })
  async handler() {
    this.effects.buffer.enqueue(() => this.mail.slow.passed);
    this.effects.one('behind it');
    return 'answer';
  }
  @Get('bigint')
  bigint() {
    this.effects.all();
    return { id: 1n };
  }
  @Get('missing-file')
  missingFile() {
    this.effects.all();
    return new StreamableFile(createReadStream('/nowhere/to/be/found'));
  }
}

const parts = { controllers: [AnswerController], providers: [Mail] };

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();

  describe("when an effect says dispatch: 'afterResponse'", () => {
    it.each(['/patient', '/nested', '/cascade'])(
      'goes out once the client has its answer: %s',
      async (path) => {
        const server = await listen(platform, parts);
        expect((await server.request(path)).body).toBe('answer');
        expect(server.sent).toEqual(path === '/patient' ? ['prompt'] : []);
        server.app.get(Mail).slow.open();
        const { out } = await server.fate();
        expect(out.at(-1)).toBe('mail to ada');
      },
    );

    it('waits for the commit of its transaction as well', async () => {
      const server = await listen(platform, parts);
      server.app.get(Mail).slow.open();
      expect((await server.request('/open-transaction')).body).toBe('answer');
      expect(server.sent).toEqual([]);
      await server.app.get(AnswerController).frame.commit();
      expect(server.sent).toEqual(['mail to ada']);
    });

    it('is dropped with the others where the handler fails', async () => {
      const server = await listen(platform, parts);
      expect((await server.request('/fails')).status).toBe(500);
      expect(await server.fate()).toEqual({ out: [], dropped: ['Mail.send'] });
    });

    it("is only reported where it fails, also under onDispatchError: 'throw'", async () => {
      const server = await listen(platform, parts, { onDispatchError: 'throw' });
      expect(await server.request('/mail-fails')).toMatchObject({ status: 200, body: 'answer' });
      await server.fate();
      expect(server.log.airlock('error')).toEqual([expect.stringContaining('SMTP')]);
    });

    it('keeps a shutdown waiting', async () => {
      const server = await listen(platform, parts);
      await server.request('/patient');
      const closing = server.app.close();
      server.app.get(Mail).slow.open();
      await closing;
      expect(server.sent).toEqual(['prompt', 'mail to ada']);
    });
  });

  describe("when a handler says @Airlock({ dispatch: 'afterResponse' })", () => {
    it('answers before its effects run', async () => {
      const server = await listen(platform, parts);
      expect((await server.request('/handler')).body).toBe('answer');
      expect(server.sent).toEqual([]);
      server.app.get(Mail).slow.open();
      expect((await server.fate()).out).toEqual(['behind it']);
    });
  });

  describe("when the boundary says dispatch: 'afterResponse'", () => {
    it('wins over the module', async () => {
      const server = await listen(platform, parts, {
        boundaries: { http: { dispatch: 'afterResponse' } },
      });
      expect((await server.request('/bigint')).status).toBe(500);
      expect(await server.fate()).toEqual(FAILED);
    });
  });

  describe('when an answer cannot be sent', () => {
    it.each(['/bigint', '/missing-file'])(
      'has let the effects out already under beforeResponse: %s',
      async (path) => {
        const server = await listen(platform, parts);
        expect((await server.request(path)).status).toBeGreaterThanOrEqual(400);
        expect(await server.fate()).toEqual(COMPLETED);
      },
    );

    it.each(['/bigint', '/missing-file'])(
      'lets none of them out under afterResponse: %s',
      async (path) => {
        const server = await listen(platform, parts, { dispatch: 'afterResponse' });
        expect((await server.request(path)).status).toBeGreaterThanOrEqual(400);
        expect(await server.fate()).toEqual(FAILED);
      },
    );
  });
});
