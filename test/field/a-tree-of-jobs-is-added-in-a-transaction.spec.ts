import { type INestApplicationContext, Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FlowProducer, type FlowJob } from 'bullmq';
import {
  AirlockModule,
  AirlockService,
  EffectBuffer,
  openFrame,
  type TransactionFrame,
} from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { describeWith, redis } from '../servers.js';
import { Jobs } from '../integrations/bullmq-entry-point/jobs.js';

// Sidekiq's batches lose their jobs where these wait for a commit and the batch does not.

@Injectable()
class Imports {
  constructor(
    private readonly effects: EffectBuffer,
    @Inject(FlowProducer) private readonly flow: FlowProducer,
  ) {}

  begin(files: readonly string[]): void {
    const child = (file: string): FlowJob => ({ name: file, queueName: 'files' });
    const tree: FlowJob = { name: 'import', queueName: 'files', children: files.map(child) };
    this.effects.defer(this.flow).add(tree);
    tree.children!.length = 0;
  }
}

describeWith(redis, 'when a tree of jobs is added in a transaction', () => {
  const jobs = new Jobs();
  let flow: FlowProducer;
  let app: INestApplicationContext;

  beforeAll(async () => {
    await jobs.open();
    flow = new FlowProducer({ connection: jobs.redis, prefix: jobs.prefix });
    @Module({
      imports: [
        AirlockModule.forRoot({ executor: BullMqExecutor }),
        AirlockBullMqModule.forRoot({ connection: jobs.redis, prefix: jobs.prefix }),
      ],
      providers: [Imports, { provide: FlowProducer, useValue: flow }],
    })
    class AppModule {}
    app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  });
  afterAll(async () => {
    await app?.close();
    await flow?.close();
    await jobs.close();
  });

  const begin = (end: (frame: TransactionFrame) => void | Promise<void>): Promise<void> =>
    app.get(AirlockService).run(async () => {
      const frame = openFrame();
      frame.run(() => app.get(Imports).begin(['a', 'b']));
      await end(frame);
    });
  const counts = async (): Promise<readonly number[]> => {
    const found = await jobs.queue('files').getJobCounts('waiting', 'waiting-children');
    return [found['waiting']!, found['waiting-children']!];
  };

  it('adds none of them where that rolls back', async () => {
    await begin((frame) => frame.rollBack());
    expect(await counts()).toEqual([0, 0]);
  });

  it('adds all of them where it commits, as they were at the call', async () => {
    await begin((frame) => frame.commit());
    expect(await counts()).toEqual([2, 1]);
  });
});
