import { Module } from '@nestjs/common';
import { type ClientProvider, ClientsModule } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { AirlockModule, AirlockOptionsError } from 'nestjs-airlock';
import {
  AirlockMicroservicesModule,
  type AirlockMicroservicesOptions,
  ClientProxyExecutor,
} from 'nestjs-airlock/microservices';
import { describeWith } from '../../servers.js';
import { Bench, carriers, Mail, until, within } from './fixtures.js';

const carrier = carriers.nats;

describeWith(carrier.server, 'AirlockMicroservicesModule', () => {
  const bench = new Bench(carrier);

  describe('when an option is none it knows, or of the wrong kind', () => {
    it.each<[object, string, string]>([
      [
        { klient: 'BROKER' },
        'klient',
        'Unknown option `klient`. Known options: plainFunctions, serializer',
      ],
      [{ client: 7 }, 'client', 'an injection token'],
      [{ patternFor: 'mail' }, 'patternFor', 'a function'],
      [{ record: {} }, 'record', 'a function'],
      [{ dispatchTimeoutMs: 2 ** 31 }, 'dispatchTimeoutMs', 'at most 2147483647'],
      [
        { dispatchTimeoutMs: -1 },
        'dispatchTimeoutMs',
        'a number of milliseconds, more than 0 and at most 2147483647 (24.8 days)',
      ],
      [{ plainFunctions: 'drop' }, 'plainFunctions', "'in-process' or 'refuse'"],
    ])('refuses to start: %j', async (options, key, message) => {
      const starting = bench.producer({ micro: options as AirlockMicroservicesOptions });
      await expect(starting).rejects.toThrow(AirlockOptionsError);
      await expect(starting).rejects.toMatchObject({
        key,
        message: expect.stringContaining(message),
      });
    });

    it.each<[object, string, string]>([
      [{ pattern: '' }, 'pattern', 'a non-empty string'],
      [{ consumer: 'yes' }, 'consumer', 'true or false'],
      [{ consumer: { patterns: [] } }, 'consumer.patterns', 'a non-empty array of strings'],
      [{ consumer: { acknowledge: 1 } }, 'consumer.acknowledge', 'true or false'],
      [
        { consumer: { retryDelayMs: 0 } },
        'consumer.retryDelayMs',
        'a number of milliseconds, more than 0 and at most 2147483647 (24.8 days)',
      ],
      [
        { consumer: { ack: true } },
        'consumer.ack',
        'Known options: patterns, acknowledge, retryDelayMs',
      ],
    ])('refuses to be imported: %j', (options, key, message) => {
      const importing = (): unknown =>
        AirlockMicroservicesModule.forRoot(options as AirlockMicroservicesOptions);
      expect(importing).toThrow(AirlockOptionsError);
      expect(importing).toThrow(
        expect.objectContaining({ key, message: expect.stringContaining(message) }),
      );
    });
  });

  describe('when patternFor tells effects apart', () => {
    it('sends each under its own pattern', async () => {
      const [urgent, other] = [`${bench.subject}.urgent`, `${bench.subject}.other`];
      const first = await bench.consumer({ micro: { consumer: { patterns: [urgent] } } });
      const second = await bench.consumer({ micro: { consumer: { patterns: [other] } } });
      const producer = await bench.producer({
        micro: {
          client: 'BROKER',
          patternFor: ({ args: [arg] }) => (arg === 'now' ? urgent : other),
        },
      });
      await within(producer, async () => {
        await producer.get(Mail).send('now');
        await producer.get(Mail).send('later');
      });
      await until(() => first.get(Mail).sent.length === 1 && second.get(Mail).sent.length === 1);
      expect([first.get(Mail).sent, second.get(Mail).sent]).toEqual([['now'], ['later']]);
    });

    it('fails the effect for which it names none, and sends the others', async () => {
      const consumer = await bench.consumer();
      const producer = await bench.producer({
        micro: {
          client: 'BROKER',
          patternFor: ({ args: [arg] }) => (arg === 'b' ? '' : bench.subject),
        },
      });
      const flushing = within(producer, async () => {
        for (const text of ['a', 'b', 'c']) await producer.get(Mail).send(text);
      });
      await expect(flushing).rejects.toThrow('Expected `patternFor` to be a non-empty string');
      await until(() => consumer.get(Mail).sent.length === 2);
      expect(consumer.get(Mail).sent).toEqual(['a', 'c']);
    });
  });

  describe('when it is given no client', () => {
    it('refuses calls that would need one', async () => {
      const producer = await bench.producer({ micro: {} as AirlockMicroservicesOptions });
      const without = await Test.createTestingModule({
        imports: [
          AirlockModule.forRoot({ executor: ClientProxyExecutor }),
          AirlockMicroservicesModule.forRoot({}),
        ],
        providers: [Mail],
      }).compile();
      await without.init();
      await within(without, () =>
        expect(without.get(Mail).send('a')).rejects.toThrow(
          'was given no `client` to send it with',
        ),
      );
      await without.close();
      await producer.close();
    });
  });

  describe('when no provider is behind its client', () => {
    it('refuses to start, naming the token', async () => {
      const starting = bench.producer({ micro: { client: 'NOWHERE' } });
      await expect(starting).rejects.toThrow(AirlockOptionsError);
      await expect(starting).rejects.toMatchObject({
        key: 'client',
        message: expect.stringContaining('AirlockMicroservicesModule found no provider `NOWHERE`'),
      });
    });
  });

  describe('when its options come from other providers', () => {
    it('takes them through useFactory, next to the pattern', async () => {
      const consumer = await bench.consumer();
      @Module({ providers: [{ provide: 'TOKEN', useValue: 'BROKER' }], exports: ['TOKEN'] })
      class Settings {}
      const client = {
        name: 'BROKER',
        ...carrier.options(bench.subject, undefined, 'client'),
      } as ClientProvider & {
        name: string;
      };
      const producer = await Test.createTestingModule({
        imports: [
          AirlockModule.forRoot({ executor: ClientProxyExecutor }),
          AirlockMicroservicesModule.forRootAsync({
            pattern: bench.subject,
            imports: [Settings],
            inject: ['TOKEN'],
            useFactory: (token: string) => ({ client: token }),
          }),
          ClientsModule.register([client]),
        ],
        providers: [Mail],
      })
        .setLogger(bench.lines as never)
        .compile();
      await producer.init();
      await within(producer, () => producer.get(Mail).send('a'));
      await until(() => consumer.get(Mail).sent.length === 1);
      await producer.close();
      expect(consumer.get(Mail).sent).toEqual(['a']);
    });
  });

  describe('when the consumer is part of a hybrid application', () => {
    it('runs effects there as well', async () => {
      const consumer = await bench.hybrid();
      const producer = await bench.producer();
      await within(producer, () => producer.get(Mail).send('a'));
      await until(() => consumer.get(Mail).sent.length === 1);
      expect(bench.lines.of('log')).toContain(`Running the effects under "${bench.subject}"`);
    });
  });
});
