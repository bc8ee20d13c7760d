import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod } from '@nestjs/microservices';
import { AirlockModule } from 'nestjs-airlock';
import { map, type Observable, reduce, Subject, tap } from 'rxjs';
import {
  CANCELLED,
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  fateOf,
  gate,
  Log,
  moduleOf,
  recorded,
} from '../e2e/http/fixtures.js';
import { drain } from 'nestjs-airlock/testing';
import { ask, clientOf, converse, optionsOf, serviceOf } from '../integrations/rpc/grpc.js';

interface Text {
  text: string;
}

type Answer = (error: Error | null, value?: Text) => void;

/** What is used of a call by those who are given one. */
interface Call {
  on(event: 'data', listener: (message: Text) => void): this;
  on(event: 'end' | 'cancelled', listener: () => void): this;
  emit(event: 'error', error: Error): void;
  write(message: Text): void;
  end(): void;
  [Symbol.asyncIterator](): AsyncIterator<Text>;
}

/** Opened by the first message that arrives. */
let arrived = gate();

@Controller()
class Orders {
  constructor(private readonly effects: Effects) {}

  private take({ text }: Text): string {
    arrived.open();
    if (text === 'all') this.effects.all();
    if (text === 'bad') throw new Error('a bad message');
    return text;
  }

  @GrpcMethod('Orders', 'place')
  place(message: Text): Text {
    return { text: this.take(message) };
  }

  @GrpcStreamMethod('Orders', 'count')
  count(messages: Observable<Text>): Observable<Text> {
    return messages.pipe(
      tap((message) => this.take(message)),
      reduce((count) => count + 1, 0),
      map((count) => ({ text: `${count}` })),
    );
  }

  @GrpcStreamMethod('Orders', 'chat')
  async chat(messages: Observable<Text>): Promise<Observable<Text>> {
    const answers = new Subject<Text>();
    messages.subscribe({
      next: (message) => {
        try {
          answers.next({ text: this.take(message).toUpperCase() });
        } catch (error) {
          answers.error(error);
        }
      },
      error: (error) => answers.error(error),
      complete: () => answers.complete(),
    });
    return Promise.resolve(answers);
  }

  @GrpcStreamCall('Orders', 'countCall')
  countCall(call: Call, answer: Answer): void {
    let count = 0;
    call.on('data', (message) => {
      count += 1;
      try {
        this.take(message);
      } catch (error) {
        answer(error as Error);
      }
    });
    call.on('end', () => answer(null, { text: `${count}` }));
  }

  @GrpcStreamCall('Orders', 'iterate')
  async iterate(call: Call, answer: Answer): Promise<void> {
    let count = 0;
    for await (const message of call) {
      this.take(message);
      count += 1;
    }
    answer(null, { text: `${count}` });
  }

  @GrpcStreamCall('Orders', 'chatCall')
  chatCall(call: Call): void {
    call.on('data', (message) => {
      try {
        call.write({ text: this.take(message).toUpperCase() });
      } catch (error) {
        call.emit('error', error as Error);
      }
    });
    call.on('end', () => call.end());
  }
}

const both = { requestStream: true, responseStream: true };
const service = serviceOf({
  place: {},
  count: { requestStream: true },
  chat: both,
  countCall: { requestStream: true },
  iterate: { requestStream: true },
  chatCall: both,
});

async function start() {
  const options = optionsOf(service);
  const log = new Log();
  const module = moduleOf({ imports: [AirlockModule.forRoot()], controllers: [Orders] });
  const app = await NestFactory.createMicroservice(module, {
    ...options,
    logger: log,
    abortOnError: false,
  });
  recorded(app);
  await app.listen();
  const client = clientOf(service, options.options.url);
  return {
    client,
    log,
    async fate() {
      await drain(app, { timeoutMs: 10_000 });
      return fateOf(app);
    },
    async close() {
      client.close();
      await app.close();
    },
  };
}

let running: Awaited<ReturnType<typeof start>>;
checkAfterEach();
beforeEach(async () => {
  arrived = gate();
  running = await start();
});
afterEach(async () => running.close());

describe('when a client streams to a gRPC handler', () => {
  it.each([
    ['an Observable, in `tap`', 'count'],
    ['the call, by `on`', 'countCall'],
    ['the call, by `for await`', 'iterate'],
  ])('lets effects of its messages out at the end: given %s', async (_what, method) => {
    expect(await ask(running.client, method, ['one', 'all', 'three'])).toBe('3');
    expect(await running.fate()).toEqual(COMPLETED);
  });

  it.each([
    ['an Observable, in `subscribe`', 'chat'],
    ['the call, by `on`', 'chatCall'],
  ])('lets them out where it answers with a stream: given %s', async (_what, method) => {
    expect(await converse(running.client, method, ['one', 'all'])).toEqual(['ONE', 'ALL']);
    expect(await running.fate()).toEqual(COMPLETED);
  });

  it.each([['count'], ['countCall']])('drops them where it fails: %s', async (method) => {
    await expect(ask(running.client, method, ['all', 'bad'])).rejects.toThrow(/error|bad/i);
    expect(await running.fate()).toEqual(FAILED);
  });

  it.each([['chat'], ['chatCall']])(
    'drops them where it fails and answers with a stream: %s',
    async (method) => {
      await expect(converse(running.client, method, ['all', 'bad'])).rejects.toThrow(/error|bad/i);
      expect(await running.fate()).toEqual(FAILED);
    },
  );

  it.each([['count'], ['chat'], ['countCall'], ['chatCall']])(
    'is cancelled where the client leaves: %s',
    async (method) => {
      const call = running.client[method]!(...(method.startsWith('count') ? [() => {}] : []));
      call.on('error', () => {});
      call.write({ text: 'all' });
      await arrived.passed;
      call.cancel();
      expect(await running.fate()).toEqual(CANCELLED);
    },
  );
});

describe('when a client sends one message', () => {
  it('is a unit of work as over any other transport', async () => {
    expect(await ask(running.client, 'place', 'all')).toBe('all');
    expect(await running.fate()).toEqual(COMPLETED);
  });

  it('is failed by an error', async () => {
    await expect(ask(running.client, 'place', 'bad')).rejects.toThrow(/error|bad/i);
    expect((await running.fate()).out).toEqual([]);
  });
});
