import {
  type CallHandler,
  Controller,
  Get,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import diagnostics from 'node:diagnostics_channel';
import { defer, of, type Observable, retry, timeout } from 'rxjs';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { watchInvocations } from '../../../../lib/nest/methods/invocations.js';
import { checkAfterEach, Effects, gate, listen, platforms } from '../../../e2e/http/fixtures.js';

const [, express] = platforms[0]!;
let attempts = 0;
let abandoned = gate();
let left = gate();

class Trying implements NestInterceptor {
  intercept(_: unknown, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(timeout(20), retry(1));
  }
}

@Controller()
@UseInterceptors(Trying)
class Desk {
  constructor(private readonly effects: Effects) {}
  @Get('idle')
  idle(): string {
    return 'idle';
  }
  @Get('again')
  again(): string {
    this.effects.one(`attempt ${attempts}`);
    this.effects.one(`attempt ${attempts}, too`);
    if (attempts++ === 0) throw new Error('deadlock detected');
    return 'done';
  }
  @Get('late')
  async late(): Promise<string> {
    if (attempts++ > 0) {
      abandoned.open();
      await left.passed;
      return 'done';
    }
    await abandoned.passed;
    this.effects.one('of the first attempt');
    left.open();
    return 'too late';
  }
}

checkAfterEach();

describe('when an application has interceptors', () => {
  it('opens no scope for a request that calls no effect', async () => {
    const server = await listen(express, { controllers: [Desk] });
    const opened: unknown[] = [];
    const note = (message: unknown): void => void opened.push(message);
    diagnostics.subscribe('airlock:scope', note);
    expect((await server.request('/idle')).body).toBe('idle');
    diagnostics.unsubscribe('airlock:scope', note);
    expect(opened).toEqual([]);
  });

  it('drops what an invocation that was given up is the first to call', async () => {
    [attempts, abandoned, left] = [0, gate(), gate()];
    const server = await listen(express, { controllers: [Desk] });
    expect((await server.request('/late')).body).toBe('done');
    expect(await server.fate()).toEqual({ out: [], dropped: ['of the first attempt'] });
  });

  it('makes room for an invocation in a buffer that a failed one has filled', async () => {
    attempts = 0;
    const server = await listen(express, { controllers: [Desk] }, { maxEffectsPerScope: 2 });
    expect((await server.request('/again')).body).toBe('done');
    expect(await server.fate()).toEqual({
      out: ['attempt 1', 'attempt 1, too'],
      dropped: ['attempt 0', 'attempt 0, too'],
    });
  });

  it('keeps nothing of invocations that have failed or completed', async () => {
    const runtime = new AirlockRuntime();
    let invocations: object | undefined;
    let invoked = 0;
    const interceptor = {
      intercept(_: unknown, next: CallHandler): Observable<unknown> {
        invocations = next;
        return next.handle().pipe(retry({ delay: () => of(0) }));
      },
    };
    watchInvocations(interceptor as never, runtime);
    const handler: CallHandler = {
      handle: () =>
        defer(() => {
          if (++invoked < 500) throw new Error('again');
          return of('done');
        }),
    };
    await runtime.run({}, async () => {
      await new Promise<void>((resolve) =>
        interceptor.intercept(undefined, handler).subscribe({ complete: resolve }),
      );
    });
    expect(invoked).toBe(500);
    const held = Object.values(invocations!).flatMap((value) =>
      value instanceof Set || Array.isArray(value) ? [...(value as Iterable<unknown>)] : [],
    );
    expect(held.length).toBeLessThan(2);
  });
});
