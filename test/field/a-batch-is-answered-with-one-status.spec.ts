import { Injectable } from '@nestjs/common';
import { Airlock, AirlockModule, EffectBuffer } from 'nestjs-airlock';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  checkAfterEach,
  moduleOf,
  Outbox,
  platforms,
  type Running,
  serve,
} from '../e2e/http/fixtures.js';

/** Procedures as of tRPC or JSON-RPC: their library calls them, and Nest sees a middleware. */
@Injectable()
class Procedures {
  constructor(
    private readonly effects: EffectBuffer,
    private readonly outbox: Outbox,
  ) {}

  async bare(id: number, fails: boolean): Promise<void> {
    this.effects.enqueue(() => void this.outbox.sent.push(`order ${id}`));
    await Promise.resolve();
    if (fails) throw new Error('card declined');
  }

  @Airlock()
  async scoped(id: number, fails: boolean): Promise<void> {
    await this.bare(id, fails);
  }
}

/** Calls a procedure twice in one request; the second call fails. */
async function batch(
  procedures: Procedures,
  name: 'bare' | 'scoped',
  response: ServerResponse,
): Promise<void> {
  const results = await Promise.allSettled([procedures[name](1, false), procedures[name](2, true)]);
  response.statusCode = 207;
  response.end(results.map(({ status }) => status).join());
}

describe.each(platforms)('when a batch is answered with one status, on %s', (_name, platform) => {
  checkAfterEach();

  async function start(): Promise<Running> {
    const module = moduleOf({ imports: [AirlockModule.forRoot()], providers: [Procedures] });
    return serve(platform, module, (app) => {
      const procedures = app.get(Procedures);
      app.use((request: IncomingMessage, response: ServerResponse) => {
        const name = request.url!.endsWith('scoped') ? 'scoped' : 'bare';
        void batch(procedures, name, response);
      });
    });
  }

  it('drops what a procedure with @Airlock() has called that fails, and no more', async () => {
    const { request, fate, sent } = await start();
    const { status, body } = await request('/scoped');
    expect({ status, body }).toEqual({ status: 207, body: 'fulfilled,rejected' });
    await fate();
    expect(sent).toEqual(['order 1']);
  });

  it('goes by the status for all of them without it', async () => {
    const { request, fate, sent } = await start();
    await request('/bare');
    await fate();
    expect(sent).toEqual(['order 1', 'order 2']);
  });
});
