import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Module,
  type NestInterceptor,
  RequestTimeoutException,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setTimeout as delay } from 'node:timers/promises';
import { AirlockModule, EffectBuffer, SideEffect } from 'nestjs-airlock';
import { catchError, type Observable, throwError, timeout } from 'rxjs';

// An application whose handlers leave work behind that calls effects.

const sent: string[] = [];
const caught: string[] = [];
const timers: NodeJS.Timeout[] = [];

@Injectable()
class Mail {
  @SideEffect()
  async send(id: string): Promise<void> {
    await delay(1);
    sent.push(id);
  }
}

@Injectable()
class Report {
  constructor(@Inject(Mail) private readonly mail: Mail) {}
  async build(id: string): Promise<void> {
    await delay(20);
    await this.mail.send(id);
  }
}

class Impatient implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      timeout(20),
      catchError(() => throwError(() => new RequestTimeoutException())),
    );
  }
}

@Controller()
class Desk {
  constructor(
    @Inject(Mail) private readonly mail: Mail,
    @Inject(Report) private readonly report: Report,
    @Inject(EffectBuffer) private readonly effects: EffectBuffer,
  ) {}

  @Get('reminder')
  remind(): string {
    setTimeout(
      () => void this.mail.send('reminder').catch((error: Error) => caught.push(error.name)),
      20,
    );
    return 'ok';
  }

  @Get('report')
  @HttpCode(202)
  startReport(): string {
    void this.report.build('report');
    return 'accepted';
  }

  @Get('poller')
  poll(): string {
    timers.push(
      setInterval(() => {
        this.effects.enqueue(tick);
        void this.mail.send('tick');
      }, 10),
    );
    return 'polling';
  }

  @Get('slow')
  @UseInterceptors(new Impatient())
  async slow(): Promise<string> {
    await this.mail.send('in time');
    await delay(60);
    await this.mail.send('too late');
    return 'done';
  }

  @Get('order')
  async order(): Promise<string> {
    await this.mail.send('order');
    return 'ordered';
  }
}

function tick(): void {
  sent.push('tick');
}

@Module({ imports: [AirlockModule.forRoot()], controllers: [Desk], providers: [Mail, Report] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
process.on('message', () => {
  timers.forEach(clearInterval);
  void app.close().then(() => process.send!({ sent, caught }, () => process.disconnect()));
});
process.send!({ url: await app.getUrl() });
