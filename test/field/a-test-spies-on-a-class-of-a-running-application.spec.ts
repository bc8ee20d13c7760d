import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  Injectable,
  type NestInterceptor,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { CommandBus, CommandHandler, CqrsModule, type ICommandHandler } from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import type { Observable } from 'rxjs';
import {
  checkAfterEach,
  Effects,
  FAILED,
  listen,
  platforms,
  type Reply,
  type Running,
} from '../e2e/http/fixtures.js';

class Place {}

@CommandHandler(Place)
class PlaceHandler implements ICommandHandler<Place> {
  async execute(): Promise<string> {
    return 'placed';
  }
}

@Injectable()
class Listener {
  constructor(private readonly effects: Effects) {}

  @OnEvent('placed')
  async onPlaced(text: string): Promise<void> {
    this.effects.one(text);
  }
}

@Injectable()
class Passing implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@Catch()
class Answering implements ExceptionFilter {
  catch(error: HttpException, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Reply>().status(error.getStatus()).send('sorry');
  }
}

@Controller()
@UseInterceptors(Passing)
@UseFilters(Answering)
class OrdersController {
  constructor(private readonly effects: Effects) {}

  @Get('fails')
  fails(): never {
    this.effects.all();
    throw new HttpException('sold out', 409);
  }
}

describe.each(platforms)(
  'when a test spies on a class whose instance is at work on %s',
  (_, platform) => {
    checkAfterEach();
    afterEach(() => jest.restoreAllMocks());

    const started = (): Promise<Running> =>
      listen(platform, {
        imports: [CqrsModule.forRoot(), EventEmitterModule.forRoot()],
        controllers: [OrdersController],
        providers: [PlaceHandler, Listener],
      });

    it('hears of the calls of a listener, which still has its scope', async () => {
      const { app, sent } = await started();
      const spy = jest.spyOn(Listener.prototype, 'onPlaced');
      await app.get(EventEmitter2).emitAsync('placed', 'order 7');
      expect(spy).toHaveBeenCalledWith('order 7');
      expect(sent).toEqual(['order 7']);
    });

    it('puts another body in the place of a handler, until it is restored', async () => {
      const { app } = await started();
      const bus = app.get(CommandBus);
      const spy = jest.spyOn(PlaceHandler.prototype, 'execute').mockResolvedValue('nothing done');
      expect(await bus.execute(new Place())).toBe('nothing done');
      spy.mockRestore();
      expect(await bus.execute(new Place())).toBe('placed');
    });

    it('hears of what is given to an emitter and to a bus', async () => {
      const { app } = await started();
      const emit = jest.spyOn(EventEmitter2.prototype, 'emitAsync');
      const execute = jest.spyOn(CommandBus.prototype, 'execute');
      await app.get(EventEmitter2).emitAsync('placed', 'order 7');
      await app.get(CommandBus).execute(new Place());
      expect(emit).toHaveBeenCalledTimes(1);
      expect(execute).toHaveBeenCalledTimes(1);
    });

    it('hears of the calls of an interceptor and of an exception filter', async () => {
      const { request, fate } = await started();
      const intercept = jest.spyOn(Passing.prototype, 'intercept');
      const caught = jest.spyOn(Answering.prototype, 'catch');
      expect(await request('/fails')).toMatchObject({ status: 409, body: 'sorry' });
      expect(intercept).toHaveBeenCalledTimes(1);
      expect(caught).toHaveBeenCalledTimes(1);
      expect(await fate()).toEqual(FAILED);
    });
  },
);
