import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  UseInterceptors,
} from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { ExpressAdapter } from '@nestjs/platform-express';
import { enqueue, EscapeError, SideEffect } from 'nestjs-airlock';
import { checkAfterEach, listen } from '../../../e2e/http/fixtures.js';

@Injectable()
class Mailer {
  readonly answers: string[] = [];

  sendMail(): void {}

  /** Whether a direct call is noticed. */
  try(): void {
    try {
      this.sendMail();
      this.answers.push('let through');
    } catch (error) {
      this.answers.push(
        error instanceof EscapeError ? `noticed in ${error.inside}` : String(error),
      );
    }
  }
}

@Injectable()
class Receipts {
  constructor(@Inject(Mailer) private readonly mailer: Mailer) {}

  @SideEffect()
  async send(): Promise<void> {
    this.mailer.try();
  }
}

const passing = { intercept: (_context: ExecutionContext, next: CallHandler) => next.handle() };

@Controller()
class Handlers {
  constructor(
    @Inject(Mailer) private readonly mailer: Mailer,
    @Inject(Receipts) private readonly receipts: Receipts,
    @Inject(EventEmitter2) private readonly events: EventEmitter2,
  ) {}

  @Get('plain')
  plain(): void {
    this.mailer.try();
  }

  @Get('intercepted')
  @UseInterceptors(passing)
  intercepted(): void {
    this.mailer.try();
  }

  @Get('after-an-effect')
  afterAnEffect(): void {
    enqueue(() => {});
    this.mailer.try();
  }

  @Get('listened')
  listened(): void {
    this.events.emit('asked');
  }

  @Get('effect')
  async effect(): Promise<void> {
    await this.receipts.send();
  }

  @OnEvent('asked')
  onAsked(): void {
    this.mailer.try();
  }
}

checkAfterEach();

describe('when escapes are looked for in handlers', () => {
  it.each([
    ['plain', 'noticed in scope'],
    ['intercepted', 'noticed in scope'],
    ['after-an-effect', 'noticed in scope'],
    ['listened', 'noticed in scope'],
    ['effect', 'let through'],
  ])('%s: a direct call is %s', async (path, answer) => {
    const { app, request } = await listen(
      () => new ExpressAdapter(),
      {
        imports: [EventEmitterModule.forRoot()],
        controllers: [Handlers],
        providers: [Mailer, Receipts],
      },
      { detectEscapes: 'throw' },
    );
    await request(`/${path}`);
    expect(app.get(Mailer).answers).toEqual([expect.stringContaining(answer)]);
  });
});
