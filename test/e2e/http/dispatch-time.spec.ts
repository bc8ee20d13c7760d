import {
  type ArgumentsHost,
  BadRequestException,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Inject,
  Injectable,
  Param,
  Res,
  UseFilters,
} from '@nestjs/common';
import { EffectBuffer } from 'nestjs-airlock';
import type { ServerResponse } from 'node:http';
import {
  checkAfterEach,
  COMPLETED,
  delay,
  Effects,
  FAILED,
  gate,
  listen,
  platforms,
  type Reply,
} from './fixtures.js';

@Injectable()
class Slow {
  readonly begun = gate();
  readonly gate = gate();
  readonly order: string[] = [];
  readonly effect = async (): Promise<void> => {
    this.order.push('effect begins');
    this.begun.open();
    await this.gate.passed;
    this.order.push('effect ends');
  };
}

@Catch()
class StatusFilter implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Reply>().status(Number(error.message)).send('filtered');
  }
}

@Controller()
class TimeController {
  constructor(
    @Inject(EffectBuffer) private readonly buffer: EffectBuffer,
    private readonly effects: Effects,
    private readonly slow: Slow,
  ) {}

  @Get('slow')
  answer() {
    this.slow.order.push('handler');
    this.buffer.enqueue(this.slow.effect);
    return 'answer';
  }
  @Get('all')
  all() {
    this.effects.all();
    return 'all';
  }
  @Get('refused')
  refused() {
    this.effects.all();
    throw new BadRequestException();
  }
  @Get('filtered/:status')
  @UseFilters(StatusFilter)
  filtered(@Param('status') status: string) {
    this.effects.all();
    throw new Error(status);
  }
  @Get('sent-later/:status')
  sentLater(@Param('status') status: string, @Res() res: Reply) {
    this.effects.all();
    setTimeout(() => void res.status(Number(status)).send('later'), 10);
  }
}

const parts = { controllers: [TimeController], providers: [Slow] };

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();

  describe("when dispatch is 'beforeResponse'", () => {
    it('answers the client after the flush', async () => {
      const server = await listen(platform, parts);
      const slow = server.app.get(Slow);
      const answering = server.request('/slow').then(({ body }) => slow.order.push(body));
      await slow.begun.passed;
      await delay(30);
      expect(slow.order).toEqual(['handler', 'effect begins']);
      slow.gate.open();
      await answering;
      expect(slow.order).toEqual(['handler', 'effect begins', 'effect ends', 'answer']);
    });
  });

  describe("when dispatch is 'afterResponse'", () => {
    it('answers the client before an effect ends', async () => {
      const server = await listen(platform, parts, { dispatch: 'afterResponse' });
      const slow = server.app.get(Slow);
      expect((await server.request('/slow')).body).toBe('answer');
      slow.order.push('answered');
      slow.gate.open();
      await server.fate();
      expect(slow.order.filter((step) => step !== 'effect begins')).toEqual([
        'handler',
        'answered',
        'effect ends',
      ]);
    });

    it.each([
      ['/all', 200, COMPLETED],
      ['/refused', 400, FAILED],
      ['/sent-later/201', 201, COMPLETED],
      ['/sent-later/500', 500, FAILED],
      ['/filtered/503', 503, FAILED],
    ] as const)('decides %s by the status really sent, %i', async (path, status, fate) => {
      const server = await listen(platform, parts, { dispatch: 'afterResponse' });
      expect((await server.request(path)).status).toBe(status);
      expect(await server.fate()).toEqual(fate);
    });

    it('stays failed for an error that a filter answers with 200', async () => {
      const server = await listen(platform, parts, { dispatch: 'afterResponse' });
      expect((await server.request('/filtered/200')).status).toBe(200);
      expect(await server.fate()).toEqual(FAILED);
    });

    it('keeps the shutdown waiting for effects that run after the response', async () => {
      const server = await listen(platform, parts, { dispatch: 'afterResponse' });
      const slow = server.app.get(Slow);
      await server.request('/slow');
      const closing = server.app.close().then(() => slow.order.push('closed'));
      await slow.begun.passed;
      await delay(30);
      expect(slow.order).toEqual(['handler', 'effect begins']);
      slow.gate.open();
      await closing;
      expect(slow.order).toEqual(['handler', 'effect begins', 'effect ends', 'closed']);
    });

    it.each([
      ['report', 'accepted', COMPLETED.out],
      ['throw', 'AIRLOCK_SCOPE_CLOSED', COMPLETED.out],
      ['follow', 'accepted', [...COMPLETED.out, 'too late']],
    ] as const)(
      'takes calls between the end of the handler and the response for late ones (%s)',
      async (lateCalls, answer, out) => {
        const server = await listen(
          platform,
          { ...parts, controllers: [LateController] },
          { dispatch: 'afterResponse', lateCalls },
        );
        await server.request('/late');
        expect(LateController.answer).toBe(answer);
        expect((await server.fate()).out).toEqual(out);
        expect(server.log.airlock('error')).toHaveLength(lateCalls === 'report' ? 1 : 0);
      },
    );
  });
});

@Controller()
class LateController {
  constructor(private readonly effects: Effects) {}

  static answer = '';

  /** Returns at once, and has its answer wait for a call of what it has left behind. */
  @Get('late')
  late(@Res({ passthrough: true }) res: Reply & { raw?: ServerResponse }): string {
    this.effects.all();
    const raw = res.raw ?? (res as unknown as ServerResponse);
    const end = raw.end.bind(raw) as (...args: unknown[]) => unknown;
    const called = delay(10).then(() => {
      LateController.answer = answerOf(() => this.effects.one('too late'));
    });
    raw.end = ((...args: unknown[]) => {
      void called.then(() => end(...args));
      return raw;
    }) as ServerResponse['end'];
    return 'fine';
  }
}

function answerOf(call: () => void): string {
  try {
    call();
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
}
