import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';
import { describeWith } from '../../servers.js';
import { Bench, Mail, server, until, within } from './fixtures.js';

@Injectable()
class Slow {
  readonly begun: number[] = [];
  readonly done: number[] = [];
  /** How long a run takes; endless where it is 0. */
  ms = 50;

  constructor(@Inject(Mail) private readonly mail: Mail) {}

  @SideEffect()
  async work(id: number): Promise<void> {
    this.begun.push(id);
    await (this.ms === 0 ? new Promise(() => {}) : sleep(this.ms));
    await this.mail.send(`done ${id}`);
    this.done.push(id);
  }
}

describeWith(server, 'An application that runs effects from BullMQ', () => {
  const bench = new Bench();
  const providers = [Slow];

  const send = async (count: number) => {
    const producer = await bench.producer({ providers });
    await within(producer, async () => {
      for (let id = 0; id < count; id++) await producer.get(Slow).work(id);
    });
  };

  describe('when it shuts down while effects run', () => {
    it('lets them end, lets out what they enqueue, and leaves the others to the next worker', async () => {
      await send(5);
      const first = await bench.worker({ providers, bullmq: { worker: { concurrency: 2 } } });
      const slow = first.get(Slow);
      slow.ms = 150;
      await until(() => slow.begun.length === 2);
      await first.close();
      expect(slow.begun).toEqual([0, 1]);
      expect(slow.done).toEqual([0, 1]);
      const waiting = await bench.queueOf().getWaiting();
      expect(new Set(waiting.map(({ data }) => data.args[0]))).toEqual(
        new Set([2, 3, 4, 'done 0', 'done 1']),
      );
      expect(await bench.queueOf().getCompletedCount()).toBe(2);

      const second = await bench.worker({ providers });
      await until(() => second.get(Mail).sent.length === 5);
      expect(second.get(Slow).done).toEqual([2, 3, 4]);
    });

    it('loses and repeats nothing over several restarts', async () => {
      await send(60);
      const done: number[] = [];
      while (done.length < 60) {
        const worker = await bench.worker({ providers, bullmq: { worker: { concurrency: 5 } } });
        const slow = worker.get(Slow);
        slow.ms = 7;
        const enough = Math.min(20, 60 - done.length);
        await until(() => slow.done.length >= enough);
        await worker.close();
        done.push(...slow.done);
      }
      expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, id) => id));
      expect(await bench.queueOf().getFailedCount()).toBe(0);
    });
  });

  describe('when an effect does not end within shutdownTimeoutMs', () => {
    it('is closed nevertheless, says which effect it leaves, and another worker runs it', async () => {
      await send(1);
      const worker = { lockDuration: 400, stalledInterval: 200 };
      const stuck = await bench.worker({
        providers,
        bullmq: { worker },
        airlock: { shutdownTimeoutMs: 50 },
      });
      stuck.get(Slow).ms = 0;
      await until(() => stuck.get(Slow).begun.length === 1);
      await stuck.close();
      expect(bench.lines.of('error')).toContain(
        'Shutting down with scopes that did not end within 50 ms (`shutdownTimeoutMs`): "effect Slow.work" (open)',
      );
      const next = await bench.worker({ providers, bullmq: { worker } });
      await until(() => next.get(Slow).done.length === 1);
    });
  });

  describe('when it has nothing to do', () => {
    it('is closed at once', async () => {
      const worker = await bench.worker({ providers });
      const startedAt = performance.now();
      await worker.close();
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    });
  });
});
