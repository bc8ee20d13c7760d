import { Controller, Get, Inject, Injectable, Query } from '@nestjs/common';
import { AirlockService, EffectBuffer, SideEffect } from 'nestjs-airlock';
import type { Server } from 'node:http';
import { duplexPair } from 'node:stream';
import { checkAfterEach, Effects, listen, Outbox, platforms, type Running } from './fixtures.js';

@Injectable()
class Mail {
  constructor(private readonly outbox: Outbox) {}
  @SideEffect()
  async send(text: string): Promise<void> {
    await Promise.resolve();
    this.outbox.sent.push(text);
  }
}

/** What application A's handler does with application B. */
@Injectable()
class Neighbour {
  call: () => Promise<unknown> = () => Promise.resolve();
}

@Controller()
class SharedController {
  constructor(
    private readonly effects: Effects,
    private readonly mail: Mail,
    private readonly neighbour: Neighbour,
    @Inject(EffectBuffer) private readonly buffer: EffectBuffer,
  ) {}
  @Get('own')
  async own(@Query('as') as: string) {
    await this.mail.send(`mail of ${as}`);
    this.effects.one(`effect of ${as}`);
    return this.buffer.intents.map(({ name }) => name);
  }
  @Get('neighbour')
  async withNeighbour(@Query('fails') fails: string) {
    this.effects.one('before');
    const answer = await this.neighbour.call();
    await this.mail.send('after');
    if (fails === 'true') throw new Error('after the neighbour was called');
    return { answer, intents: this.buffer.intents.map(({ name }) => name) };
  }
}

const parts = { controllers: [SharedController], providers: [Mail, Neighbour] };
const seenByB = ['Mail.send', 'effect of B'];
const outOfB = ['mail of B', 'effect of B'];

/**
 * One request whose connection, parser and handler all live in the caller's asynchronous context.
 */
async function callInProcess(server: Server, path: string): Promise<unknown> {
  const [client, served] = duplexPair();
  server.emit('connection', served);
  client.write(`GET ${path} HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of client) text += String(chunk);
  return JSON.parse(text.slice(text.indexOf('\r\n\r\n')));
}

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();
  let a: Running;
  let b: Running;
  beforeEach(async () => {
    [a, b] = [await listen(platform, parts), await listen(platform, parts)];
  });

  describe('when two applications of the same classes serve at the same time', () => {
    it('gives each EffectBuffer its own effects only', async () => {
      const answers = await Promise.all([
        a.request('/own?as=A'),
        b.request('/own?as=B'),
        a.request('/own?as=AA'),
      ]);
      expect(answers.map(({ body }) => JSON.parse(body))).toEqual([
        ['Mail.send', 'effect of A'],
        seenByB,
        ['Mail.send', 'effect of AA'],
      ]);
      await a.fate();
      expect(a.sent.toSorted()).toEqual(['effect of A', 'effect of AA', 'mail of A', 'mail of AA']);
      expect(b.sent).toEqual(outOfB);
    });
  });

  const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['over HTTP', async () => JSON.parse((await b.request('/own?as=B')).body)],
    [
      'in process, through its AirlockService',
      () => b.app.get(AirlockService).run(() => b.app.get(SharedController).own('B')),
    ],
    [
      'in process, over a connection that is opened there',
      () => callInProcess(b.app.getHttpServer() as Server, '/own?as=B'),
    ],
  ];

  describe.each(calls)('when a handler of A calls B %s', (_how, call) => {
    it('keeps the buffers apart, and lets the effects of B out before A goes on', async () => {
      let sentOfB: readonly string[] = [];
      a.app.get(Neighbour).call = async () => {
        const answer = await call();
        sentOfB = [...b.sent];
        expect(a.sent).toEqual([]);
        return answer;
      };
      const { body } = await a.request('/neighbour');
      expect(JSON.parse(body)).toEqual({ answer: seenByB, intents: ['before', 'Mail.send'] });
      expect(sentOfB).toEqual(outOfB);
      await a.fate();
      expect(a.sent).toEqual(['before', 'after']);
      expect(b.sent).toEqual(outOfB);
    });

    it('drops the effects of A alone if A fails afterwards', async () => {
      a.app.get(Neighbour).call = call;
      expect((await a.request('/neighbour?fails=true')).status).toBe(500);
      await a.fate();
      expect({ a: a.sent, b: b.sent }).toEqual({ a: [], b: outOfB });
    });
  });

  describe('when a handler of A calls a service of B without a scope of B', () => {
    it('refuses the call, for B has no scope there', async () => {
      a.app.get(Neighbour).call = async () => {
        const errors: unknown[] = [];
        for (const call of [
          () => b.app.get(Mail).send('stray'),
          async () => b.app.get(Effects).one('stray'),
        ]) {
          try {
            await call();
          } catch (error) {
            errors.push((error as { code: string }).code);
          }
        }
        return [...errors, b.app.get(EffectBuffer).isActive];
      };
      const { body } = await a.request('/neighbour');
      expect((JSON.parse(body) as { answer: unknown }).answer).toEqual([
        'AIRLOCK_NO_SCOPE',
        'AIRLOCK_NO_SCOPE',
        false,
      ]);
      expect(await a.fate()).toEqual({ out: ['before', 'after'], dropped: [] });
      expect(b.sent).toEqual([]);
    });
  });

  describe('when one of them is closed', () => {
    it('leaves the other one at work', async () => {
      await a.app.close();
      expect((await b.request('/own?as=B')).status).toBe(200);
      expect(await b.fate()).toEqual({ out: outOfB, dropped: [] });
    });
  });
});
