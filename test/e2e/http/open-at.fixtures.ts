import {
  type ArgumentsHost,
  BadRequestException,
  Body,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  ForbiddenException,
  Get,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestMiddleware,
  type NestModule,
  Param,
  type PipeTransform,
  Post,
  type Type,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import {
  AirlockModule,
  type AirlockModuleOptions,
  NoScopeError,
  SkipAirlock,
} from 'nestjs-airlock';
import { DenyingGuard, Effects, gate, Outbox, type Reply } from './fixtures.js';

/** Where a controller waits, and what else tests want to look at. */
@Injectable()
export class Probe {
  readonly arrived = gate();
  readonly leave = gate();
  readonly left = gate();
  readonly errors: unknown[] = [];
  readonly origins: unknown[] = [];
}

@Injectable()
class AllowingGuard implements CanActivate {
  constructor(private readonly effects: Effects) {}
  async canActivate(): Promise<boolean> {
    await Promise.resolve();
    this.effects.one('guard');
    return true;
  }
}

/** Enqueues, and then takes its time. */
@Injectable()
class SlowGuard implements CanActivate {
  constructor(
    private readonly effects: Effects,
    private readonly probe: Probe,
  ) {}
  async canActivate(): Promise<boolean> {
    this.effects.one('guard');
    this.probe.arrived.open();
    await this.probe.leave.passed;
    return true;
  }
}

/** Keeps the error a call is refused with. */
@Injectable()
class CautiousGuard implements CanActivate {
  constructor(
    private readonly effects: Effects,
    private readonly probe: Probe,
  ) {}
  canActivate(): boolean {
    try {
      this.effects.one('guard');
    } catch (error) {
      this.probe.errors.push(error);
    }
    return true;
  }
}

@Injectable()
class RefusingPipe implements PipeTransform {
  constructor(private readonly effects: Effects) {}
  transform(): never {
    this.effects.all();
    throw new BadRequestException();
  }
}

@Injectable()
@Catch()
class EnqueueingFilter implements ExceptionFilter {
  constructor(private readonly effects: Effects) {}
  catch(_error: unknown, host: ArgumentsHost): void {
    this.effects.all();
    host.switchToHttp().getResponse<Reply>().status(200).send('filtered');
  }
}

@Injectable()
class EnqueueingMiddleware implements NestMiddleware {
  constructor(private readonly effects: Effects) {}
  use(_request: unknown, _response: unknown, next: () => void): void {
    this.effects.one('middleware');
    next();
  }
}

@Controller()
class OpenAtController {
  constructor(
    private readonly effects: Effects,
    private readonly probe: Probe,
  ) {}

  @Get('denied')
  @UseGuards(DenyingGuard)
  denied() {
    return 'unreached';
  }
  @Get('allowed')
  @UseGuards(AllowingGuard)
  allowed() {
    this.effects.one('handler');
    return this.effects.buffer.intents.map(({ name, origin }) => `${name} from ${origin}`);
  }
  @Get('cautious')
  @UseGuards(CautiousGuard)
  cautious() {
    return 'allowed';
  }
  @Get('pipe/:id')
  piped(@Param('id', RefusingPipe) id: string) {
    return id;
  }
  @Get('filtered')
  @UseFilters(EnqueueingFilter)
  filtered() {
    throw new Error('for the filter');
  }
  @Get('forbidden-filtered')
  @UseGuards(AllowingGuard)
  @UseFilters(EnqueueingFilter)
  forbidden() {
    throw new ForbiddenException();
  }
  @Post('body')
  @UseGuards(AllowingGuard)
  body(@Body() body: { readonly texts: readonly string[] }) {
    for (const text of body.texts) this.effects.one(text);
    return { received: body.texts.length };
  }
  @Get('slow')
  async slow() {
    this.effects.one('before');
    this.probe.arrived.open();
    await this.probe.leave.passed;
    setTimeout(() => this.probe.left.open(), 5);
    this.effects.all();
    return 'nobody hears this';
  }
  @Get('behind-slow-guard')
  @UseGuards(SlowGuard)
  behindSlowGuard() {
    setTimeout(() => this.probe.left.open(), 5);
    this.effects.all();
    this.probe.origins.push(...this.effects.buffer.intents.map(({ origin }) => origin));
    return 'nobody hears this';
  }
  @Get('skipped')
  @SkipAirlock()
  @UseGuards(AllowingGuard)
  skipped() {
    try {
      this.effects.one('handler');
    } catch (error) {
      if (!(error instanceof NoScopeError)) throw error;
      return error.code;
    }
    return 'buffered';
  }
}

/**
 * An application of that controller, with a middleware of its own on the routes of
 * `withMiddleware`.
 */
export function openAtModule(
  options: AirlockModuleOptions,
  withMiddleware: readonly string[] = [],
): Type {
  @Module({
    imports: [AirlockModule.forRoot(options)],
    controllers: [OpenAtController],
    providers: [Outbox, Effects, Probe],
  })
  class OpenAtModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      if (withMiddleware.length > 0)
        consumer.apply(EnqueueingMiddleware).forRoutes(...withMiddleware);
    }
  }
  return OpenAtModule;
}
