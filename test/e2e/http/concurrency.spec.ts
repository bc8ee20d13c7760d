import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type AirlockModuleOptions, DropAll, EffectBuffer, UseAirlockPolicy } from 'nestjs-airlock';
import { airlockMatchers } from 'nestjs-airlock/testing';
import { checkAfterEach, delay, Effects, listen, platforms } from './fixtures.js';

expect.extend(airlockMatchers);

@Controller()
class BusyController {
  constructor(
    private readonly effects: Effects,
    @Inject(EffectBuffer) private readonly buffer: EffectBuffer,
  ) {}

  @Get('three/:id')
  async three(@Param('id') id: string) {
    for (const step of ['a', 'b', 'c']) {
      this.effects.one(`${id}${step}`);
      await delay(Number(id) % 5);
    }
    if (Number(id) % 4 === 3) throw new Error('every fourth fails');
    return this.buffer.intents.map(({ name }) => name);
  }

  @Get('cascade')
  cascade() {
    this.buffer.enqueueWith({ name: 'first' }, () =>
      this.step('first', ['inner one', 'inner two']),
    );
    this.effects.one('second');
    return 'done';
  }

  @Get('failing-cascade')
  failingCascade() {
    this.buffer.enqueue(() => {
      this.effects.all();
      throw new Error('after its own calls');
    });
    return 'done';
  }

  @Get('dropped-cascade')
  @UseAirlockPolicy(
    new (class OnlyFirst {
      allows({ name }: { name: string }) {
        return name === 'first';
      }
    })(),
  )
  droppedCascade() {
    return this.cascade();
  }

  @Get('endless')
  endless() {
    this.buffer.enqueueWith({ name: 'loop' }, () => this.again());
    return 'done';
  }

  @Get('nothing')
  @UseAirlockPolicy(DropAll)
  nothing() {
    return this.cascade();
  }

  private async step(name: string, inner: readonly string[]): Promise<void> {
    await delay(2);
    this.effects.outbox.sent.push(`${name} sees ${this.buffer.intents.length}`);
    for (const text of inner) this.effects.one(text);
    await delay(2);
  }

  private again(): void {
    this.effects.outbox.sent.push('loop');
    this.buffer.enqueueWith({ name: 'loop' }, () => this.again());
  }
}

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();
  const start = (options?: AirlockModuleOptions) =>
    listen(platform, { controllers: [BusyController] }, options);

  describe.each(['handler', 'request'] as const)(
    "when 200 requests run at the same time under openAt: '%s'",
    (openAt) => {
      it('gives each its own effects only, in order, and drops those of failed ones alone', async () => {
        const server = await start({ boundaries: { http: { openAt } } });
        const ids = Array.from({ length: 200 }, (_, id) => id);
        const answers = await Promise.all(ids.map((id) => server.request(`/three/${id}`)));
        const { out, dropped } = await server.fate();
        for (const id of ids) {
          const own = [`${id}a`, `${id}b`, `${id}c`];
          const isFailed = id % 4 === 3;
          expect(answers[id]!.status).toBe(isFailed ? 500 : 200);
          expect(isFailed ? own : JSON.parse(answers[id]!.body)).toEqual(own);
          expect(
            (isFailed ? dropped : out).filter((text) => Number.parseInt(text, 10) === id),
          ).toEqual(own);
        }
        expect(out).toHaveLength(450);
        expect(dropped).toHaveLength(150);
      });
    },
  );

  describe('when an effect calls further effects', () => {
    it('runs it outside the scope, and lets out what it called right after it', async () => {
      const server = await start();
      await server.request('/cascade');
      expect(await server.fate()).toEqual({
        out: ['first sees 0', 'inner one', 'inner two', 'second'],
        dropped: [],
      });
    });

    it('answers the client after all of them', async () => {
      const server = await start();
      await server.request('/cascade');
      expect(server.sent).toEqual(['first sees 0', 'inner one', 'inner two', 'second']);
    });

    it('keeps them under the policies of the handler', async () => {
      const server = await start();
      await server.request('/dropped-cascade');
      expect(await server.fate()).toEqual({
        out: ['first sees 0'],
        dropped: ['inner one', 'inner two', 'second'],
      });
    });

    it('calls nothing where the effect itself is dropped', async () => {
      const server = await start();
      await server.request('/nothing');
      expect(await server.fate()).toEqual({ out: [], dropped: ['first', 'second'] });
    });

    it('treats them as failed if the effect fails', async () => {
      const server = await start();
      expect((await server.request('/failing-cascade')).status).toBe(200);
      expect(await server.fate()).toEqual({ out: ['failure', 'always'], dropped: ['success'] });
    });

    it('stops at maxCascadeDepth with the chain in the log, the answer unchanged', async () => {
      const server = await start({ maxCascadeDepth: 3 });
      expect((await server.request('/endless')).status).toBe(200);
      expect((await server.fate()).out).toEqual(['loop', 'loop', 'loop', 'loop']);
      expect(server.app).toHaveEnqueuedTimes('loop', 4);
      expect(server.log.airlock('error')[0]).toContain(
        'deeper than `maxCascadeDepth` (3): loop > loop > loop > loop',
      );
    });
  });
});
