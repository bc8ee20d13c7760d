import { BadRequestException, Controller, Get, Inject } from '@nestjs/common';
import { type AirlockModuleOptions, DispatchError, EffectBuffer } from 'nestjs-airlock';
import { checkAfterEach, Effects, listen, platforms, until } from './fixtures.js';

async function rejects(): Promise<void> {
  await Promise.resolve();
  throw new Error('mailbox full');
}
function throws(): void {
  throw new TypeError('no such queue');
}

@Controller()
class FailingController {
  constructor(
    @Inject(EffectBuffer) private readonly buffer: EffectBuffer,
    private readonly effects: Effects,
  ) {}

  @Get('ok')
  ok() {
    this.effects.one('before');
    this.buffer.enqueue(rejects);
    this.buffer.enqueue(throws);
    this.effects.one('after');
    return 'done';
  }
  @Get('refused')
  refused() {
    this.buffer.enqueueWith({ on: 'failure' }, rejects);
    throw new BadRequestException('my own error');
  }
}

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();
  const start = (options?: AirlockModuleOptions) =>
    listen(platform, { controllers: [FailingController] }, options);

  describe.each(['beforeResponse', 'afterResponse'] as const)(
    'when effects fail under %s',
    (dispatch) => {
      it('changes nothing for the client, lets the others out, and logs every cause once', async () => {
        const server = await start({ dispatch });
        expect(await server.request('/ok')).toMatchObject({ status: 200, body: 'done' });
        expect(await server.fate()).toEqual({ out: ['before', 'after'], dropped: [] });
        const errors = server.log.airlock('error');
        expect(errors).toHaveLength(1);
        expect(errors[0]).toMatch(
          /^2 of the effects that scope "FailingController.ok" let out failed/,
        );
        expect(errors[0]).toContain('rejects (Error: mailbox full)');
        expect(errors[0]).toContain('throws (TypeError: no such queue)');
        expect(errors[0]).toMatch(/TypeError: no such queue\n\s+at .*dispatch-error\.spec/);
      });

      it('hands one DispatchError with all failures to a function, and logs nothing itself', async () => {
        const given: DispatchError[] = [];
        const server = await start({
          dispatch,
          onDispatchError: (error) => void given.push(error),
        });
        expect((await server.request('/ok')).status).toBe(200);
        await server.fate();
        expect(given.map(({ failures }) => failures.map(({ intent }) => intent.name))).toEqual([
          ['rejects', 'throws'],
        ]);
        expect(given[0]).toBeInstanceOf(DispatchError);
        expect(given[0]!.scope).toBe('FailingController.ok');
        expect(server.log.airlock('error')).toEqual([]);
      });

      it.each([
        ['throws', () => throws()],
        ['rejects', () => rejects()],
      ] as const)(
        'answers 200 where that function %s, and logs both errors',
        async (_how, onDispatchError) => {
          const server = await start({ dispatch, onDispatchError });
          expect(await server.request('/ok')).toMatchObject({ status: 200, body: 'done' });
          await server.fate();
          const errors = server.log.airlock('error');
          expect(errors).toHaveLength(2);
          expect(errors[0]).toContain('2 of the effects');
          expect(errors[1]).toMatch(/^(no such queue|mailbox full)/);
        },
      );
    },
  );

  describe.each(['beforeResponse', 'afterResponse'] as const)(
    'when the handler fails and an effect for failure fails too, under %s',
    (dispatch) => {
      it('tells a function of it, logs nothing, and answers with the error of the handler', async () => {
        const given: DispatchError[] = [];
        const server = await start({
          dispatch,
          onDispatchError: (error) => void given.push(error),
        });
        const { status, body } = await server.request('/refused');
        expect([status, body]).toEqual([400, expect.stringContaining('my own error')]);
        await server.fate();
        await until(() => given.length > 0);
        expect(given.map(({ errors }) => errors)).toEqual([[new Error('mailbox full')]]);
        expect(server.log.airlock('error')).toEqual([]);
      });
    },
  );

  describe("when effects fail under onDispatchError: 'throw'", () => {
    it('answers 500 and still lets the others out', async () => {
      const server = await start({ onDispatchError: 'throw' });
      expect((await server.request('/ok')).status).toBe(500);
      expect(await server.fate()).toEqual({ out: ['before', 'after'], dropped: [] });
    });

    it('keeps the error of the work itself and logs the other', async () => {
      const server = await start({ onDispatchError: 'throw' });
      expect(await server.request('/refused')).toMatchObject({ status: 400 });
      await server.fate();
      expect(server.log.airlock('error').map((text) => text.split('\n')[0])).toEqual([
        expect.stringContaining('rejects (Error: mailbox full)'),
      ]);
    });

    it('logs instead where the response is out already', async () => {
      const server = await start({ onDispatchError: 'throw', dispatch: 'afterResponse' });
      expect((await server.request('/ok')).status).toBe(200);
      await server.fate();
      expect(server.log.airlock('error')).toHaveLength(1);
    });
  });

  describe('when a policy throws in allows', () => {
    it('drops that effect only, and reports it with the answer unchanged', async () => {
      const policy = {
        allows: ({ name }: { name: string }) => {
          if (name === 'before') throw new RangeError('undecided');
          return name === 'after';
        },
      };
      const server = await start({ policy });
      expect(await server.request('/ok')).toMatchObject({ status: 200, body: 'done' });
      expect(await server.fate()).toEqual({ out: ['after'], dropped: ['rejects', 'throws'] });
      expect(server.log.airlock('error')[0]).toContain('before (RangeError: undecided)');
    });
  });
});
