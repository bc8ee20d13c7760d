import {
  type CanActivate,
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  type LoggerService,
  Module,
  Sse,
  UseGuards,
} from '@nestjs/common';
import { interval, map, type Observable, take } from 'rxjs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Airlock,
  AirlockModule,
  AirlockService,
  BlockTasks,
  currentEffect,
  EffectBuffer,
  openFrame,
  SideEffect,
} from 'nestjs-airlock';

/** A logger that only counts: half of what is asked for fails. */
export class Counter implements LoggerService {
  lines = 0;
  log(): void {}
  warn(): void {
    this.lines++;
  }
  error(): void {
    this.lines++;
  }
}

@Injectable()
export class Mail {
  sent = 0;

  @SideEffect()
  async send(id: number, body: { readonly text: string }): Promise<void> {
    await sleep(id % 3 === 0 ? 1 : 0);
    this.sent += body.text.length > 0 ? 1 : 0;
  }

  /** Calls others in its turn. */
  @SideEffect()
  async sendAll(ids: readonly number[]): Promise<void> {
    for (const id of ids) await this.send(id, { text: currentEffect()!.id });
  }

  @SideEffect()
  async fail(id: number): Promise<void> {
    throw new Error(`no mailbox ${id}`);
  }

  @SideEffect({ on: 'failure' })
  async alarm(): Promise<void> {
    this.sent++;
  }

  @SideEffect({ dispatch: 'afterResponse' })
  async later(): Promise<void> {
    this.sent++;
  }
}

@Injectable()
class Denied implements CanActivate {
  constructor(@Inject(Mail) private readonly mail: Mail) {}
  async canActivate(): Promise<boolean> {
    await this.mail.alarm();
    return false;
  }
}

const body = { text: 'x'.repeat(200) };

@Controller()
export class SoakController {
  private readonly policy = new BlockTasks(['Mail.send']);

  constructor(
    @Inject(Mail) private readonly mail: Mail,
    @Inject(EffectBuffer) private readonly effects: EffectBuffer,
    @Inject(AirlockService) private readonly airlock: AirlockService,
  ) {}

  @Get('nothing')
  nothing(): string {
    return 'nothing';
  }

  @Get('quick')
  async quick(): Promise<string> {
    await this.mail.send(1, body);
    return 'quick';
  }

  @Get('slow')
  async slow(): Promise<string> {
    await this.mail.send(2, body);
    await sleep(5);
    await this.mail.send(3, body);
    return 'slow';
  }

  @Get('after')
  @Airlock({ dispatch: 'afterResponse' })
  async after(): Promise<string> {
    await this.mail.send(4, body);
    return 'after';
  }

  @Get('later')
  async later(): Promise<string> {
    await this.mail.later();
    return 'later';
  }

  @Get('fails')
  async fails(): Promise<never> {
    await this.mail.send(5, body);
    await this.mail.alarm();
    throw new HttpException('on purpose', 409);
  }

  @Get('effect-fails')
  async effectFails(): Promise<string> {
    await this.mail.fail(6);
    return 'effect fails';
  }

  @Get('cascade')
  async cascade(): Promise<string> {
    await this.mail.sendAll([1, 2, 3]);
    return 'cascade';
  }

  @Get('nested')
  async nested(): Promise<string> {
    await this.airlock.run({ policy: this.policy }, async () => this.mail.send(7, body));
    await this.airlock
      .run(async () => this.mail.send(8, body).then(() => Promise.reject(new Error('no'))))
      .catch(() => {});
    await this.effects.withPolicy(this.policy, async () => this.mail.send(9, body));
    return 'nested';
  }

  /** Transactions on nothing: what is kept of them is what counts. */
  @Get('transactions')
  async transactions(): Promise<string> {
    for (const commits of [true, false]) {
      const transaction = openFrame();
      await transaction.run(async () => this.mail.send(10, body));
      if (commits) {
        await transaction.beforeCommit();
        await transaction.commit();
      } else transaction.rollBack();
    }
    return 'transactions';
  }

  @Get('leftover')
  async leftover(): Promise<string> {
    setTimeout(() => void this.mail.send(11, body), 10);
    return 'leftover';
  }

  @Get('denied')
  @UseGuards(Denied)
  denied(): void {}

  @Sse('events')
  events(): Observable<{ data: number }> {
    void this.mail.send(12, body);
    return interval(1).pipe(
      take(4),
      map((data) => ({ data })),
    );
  }
}

@Module({
  imports: [AirlockModule.forRoot()],
  controllers: [SoakController],
  providers: [Mail, Denied],
})
export class SoakModule {}
