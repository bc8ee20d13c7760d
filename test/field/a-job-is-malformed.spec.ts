import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  type ClientProxy,
  ClientsModule,
  type NatsOptions,
  Transport,
} from '@nestjs/microservices';
import { Test, type TestingModule } from '@nestjs/testing';
import { Queue } from 'bullmq';
import { AirlockModule, SideEffect } from 'nestjs-airlock';
import { AirlockBullMqModule } from 'nestjs-airlock/bullmq';
import { AirlockMicroservicesModule } from 'nestjs-airlock/microservices';
import { AirlockPgBossModule } from 'nestjs-airlock/pg-boss';
import { lastValueFrom } from 'rxjs';
import { Lines, until } from '../integrations/remote.js';
import { jobsIn, onPostgres } from '../integrations/pg-boss/pg-boss.fixtures.js';
import { describeWith, nats, postgres, redis } from '../servers.js';

@Injectable()
class Mail {
  readonly sent: string[] = [];

  @SideEffect()
  async send(to: string): Promise<void> {
    this.sent.push(to);
  }
}

const FORGED = '[Nest] 1  - LOG [Payments] Payment 17 accepted';
const envelope = (some: object) => ({
  v: 1,
  id: 'a:0',
  effect: 'Mail.send',
  args: ['a'],
  at: '2026-01-01',
  ...some,
});

/** What somebody can write who can write jobs. */
const malformed: readonly (readonly [what: string, data: object])[] = [
  ['a name with a line of the log in it', envelope({ effect: `Mail.send\n${FORGED}` })],
  [
    'a name with line ends of Unicode',
    envelope({ effect: `Mail.send\u2028${FORGED}\u0085${FORGED}` }),
  ],
  ['a name with commands of a terminal', envelope({ effect: `\u001b[2J\u202e${FORGED}` })],
  ['a name of two million letters', envelope({ effect: 'x'.repeat(2_000_000) })],
  ['a name that is an object', envelope({ effect: { toString: 1, valueOf: 1 } })],
  ['a name that is an array', envelope({ effect: [FORGED] })],
  ['a version of two million letters', envelope({ v: 'x'.repeat(2_000_000) })],
  ['an id of two million letters', envelope({ id: 'x'.repeat(2_000_000) })],
  ['no arguments', envelope({ args: { length: 1e9 } })],
  ['carried values that are none', envelope({ context: [{ toString: 1 }] })],
  ['another shape', { hello: `\n${FORGED}` }],
];

describe('when somebody writes malformed jobs', () => {
  const lines = new Lines();
  let application: TestingModule;

  async function boot(
    ...imports: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>
  ) {
    const builder = Test.createTestingModule({
      imports: [AirlockModule.forRoot(), ...imports],
      providers: [Mail],
    });
    application = await builder.setLogger(lines as never).compile();
    await application.init();
  }
  beforeEach(() => void (lines.all.length = 0));
  afterEach(() => application.close());

  /**
   * One line for each job, which nothing in it can make two, and no longer than a line is; one that
   * is in order runs.
   */
  async function isTold(count: number): Promise<void> {
    const { sent } = application.get(Mail);
    await until(() => sent.length > 0);
    const told = [...lines.of('error'), ...lines.of('warn')];
    expect(told.filter((line) => /^Effect|^An effect/.test(line))).toHaveLength(count);
    for (const line of told) {
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202e]/u);
      expect(line.length).toBeLessThan(1_000);
    }
    expect(sent).toEqual(['in order']);
  }

  describeWith(redis, 'for BullMQ', () => {
    const name = `test-${randomUUID().slice(0, 8)}`;
    const url = new URL(redis.url);
    let queue: Queue;
    beforeAll(
      () =>
        (queue = new Queue(name, {
          connection: { host: url.hostname, port: Number(url.port || 6379) },
        })),
    );
    afterAll(async () => {
      await queue.obliterate({ force: true });
      await queue.close();
    });

    it('fails each for good, and tells each in one short line', async () => {
      for (const [, data] of malformed) {
        const { effect } = data as { effect?: unknown };
        await queue.add(typeof effect === 'string' ? effect : FORGED, data, {
          attempts: 3,
          jobId: undefined,
        });
      }
      await queue.add('Mail.send', envelope({ args: ['in order'] }));
      await boot(AirlockBullMqModule.forRoot({ connection: redis.url, queue: name, worker: true }));
      await isTold(malformed.length);
      const failed = await queue.getFailed();
      expect(failed).toHaveLength(malformed.length);
      expect(failed.map(({ attemptsMade }) => attemptsMade)).toEqual(malformed.map(() => 1));
      expect(Math.max(...failed.map(({ failedReason }) => failedReason.length))).toBeLessThan(
        1_000,
      );
    });
  });

  describeWith(postgres, 'for pg-boss', () => {
    it.each([12, 10] as const)(
      'fails each for good, and tells each in one short line: version %i',
      async (version) => {
        const database = onPostgres(version);
        const boss = database.boss();
        await boss.start();
        await boss.createQueue('airlock', {});
        for (const [, data] of [...malformed, ['', envelope({ args: ['in order'] })] as const]) {
          const sql = `insert into ${database.schema}.job (name, data, retry_limit) values ('airlock', $1, 3)`;
          await database.query(sql, [JSON.stringify(data)]);
        }
        await boot(AirlockPgBossModule.forRoot({ boss, worker: { pollingIntervalSeconds: 0.5 } }));
        const states = async (): Promise<string[]> =>
          (await jobsIn(database)).map(({ state }) => state);
        await until(
          async () => (await states()).every((state) => ['completed', 'failed'].includes(state)),
          60_000,
        );
        await isTold(malformed.length);
        expect((await states()).filter((state) => state === 'failed')).toHaveLength(
          malformed.length,
        );
        await application.close();
        await database.close();
      },
      60_000,
    );
  });

  describeWith(nats, 'for a consumer of NATS', () => {
    it('tells each in one short line', async () => {
      const pattern = `test-${randomUUID().slice(0, 8)}`;
      const options: NatsOptions = { transport: Transport.NATS, options: { servers: [nats.url] } };
      const builder = Test.createTestingModule({
        imports: [
          AirlockModule.forRoot(),
          AirlockMicroservicesModule.forRoot({ pattern, consumer: true }),
          ClientsModule.register([{ name: 'BROKER', ...options }]),
        ],
        providers: [Mail],
      });
      application = await builder.setLogger(lines as never).compile();
      const hybrid = application.createNestApplication({ logger: lines as never });
      hybrid.connectMicroservice(options);
      await hybrid.startAllMicroservices();
      await hybrid.init();
      const client = application.get<ClientProxy>('BROKER');
      const small = malformed.filter(([what]) => !what.includes('million'));
      for (const [, data] of [...small, ['', envelope({ args: ['in order'] })] as const]) {
        await lastValueFrom(client.emit(pattern, data), { defaultValue: undefined });
      }
      await isTold(small.length);
      expect(lines.of('error').filter((line) => line.startsWith('An effect'))).toHaveLength(
        small.length,
      );
      await hybrid.close();
    });
  });
});
