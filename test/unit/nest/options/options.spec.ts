import {
  AirlockModule,
  AirlockOptionsError,
  DropAll,
  type AirlockModuleOptions,
} from 'nestjs-airlock';
import { boot, bootModule, checkAfterEach, moduleOf } from '../../../e2e/http/fixtures.js';

const known =
  'policy, executor, executors, boundaries, entryPoints, intercept, dispatch, onCancel, onDispatchError, log, outsideScope, lateCalls, detectEscapes, context, maxEffectsPerScope, maxCascadeDepth, shutdownTimeoutMs, effectTimeoutMs';

function errorOf(options: unknown): AirlockOptionsError {
  try {
    AirlockModule.forRoot(options as AirlockModuleOptions);
  } catch (error) {
    return error as AirlockOptionsError;
  }
  throw new Error('these options were taken');
}

describe('when forRoot is given a wrong value', () => {
  it.each([
    [{ policy: 'DropAll' }, 'policy', '`DropAll` (string)'],
    [{ policy: [null] }, 'policy', 'an object (array)'],
    [{ policy: 7 }, 'policy', '`7` (number)'],
    [{ executor: {} }, 'executor', 'an object (Object)'],
    [{ executor: 'bullmq' }, 'executor', '`bullmq` (string)'],
    [{ executors: [] }, 'executors', 'an object (array)'],
    [{ executors: { mail: 1 } }, 'executors.mail', '`1` (number)'],
    [{ boundaries: 'http' }, 'boundaries', '`http` (string)'],
    [{ boundaries: { http: 'on' } }, 'boundaries.http', '`on` (string)'],
    [{ boundaries: { http: { openAt: 'guard' } } }, 'boundaries.http.openAt', '`guard` (string)'],
    [
      { boundaries: { http: { shouldFlush: true } } },
      'boundaries.http.shouldFlush',
      '`true` (boolean)',
    ],
    [{ boundaries: { http: { policy: 1n } } }, 'boundaries.http.policy', '`1` (bigint)'],
    [{ dispatch: 'later' }, 'dispatch', '`later` (string)'],
    [{ onCancel: true }, 'onCancel', '`true` (boolean)'],
    [{ onDispatchError: 'ignore' }, 'onDispatchError', '`ignore` (string)'],
    [{ outsideScope: null }, 'outsideScope', '`null`'],
    [{ lateCalls: 'drop' }, 'lateCalls', '`drop` (string)'],
    [{ context: {} }, 'context', 'an object (Object)'],
    [{ context: [{ name: 'tenant' }] }, 'context[0]', 'an object (Object)'],
    [{ context: [{ name: '', capture() {}, restore() {} }] }, 'context[0].name', '`` (string)'],
    [{ maxEffectsPerScope: 0 }, 'maxEffectsPerScope', '`0` (number)'],
    [{ maxEffectsPerScope: '10' }, 'maxEffectsPerScope', '`10` (string)'],
    [{ maxCascadeDepth: -1 }, 'maxCascadeDepth', '`-1` (number)'],
    [{ maxCascadeDepth: 1.5 }, 'maxCascadeDepth', '`1.5` (number)'],
    [{ shutdownTimeoutMs: Number.NaN }, 'shutdownTimeoutMs', '`NaN` (number)'],
    [{ shutdownTimeoutMs: 2 ** 31 }, 'shutdownTimeoutMs', '`2147483648` (number)'],
    [{ effectTimeoutMs: 0 }, 'effectTimeoutMs', '`0` (number)'],
    [{ effectTimeoutMs: true }, 'effectTimeoutMs', '`true` (boolean)'],
    [{ shutdownTimeoutMs: -5 }, 'shutdownTimeoutMs', '`-5` (number)'],
  ])('refuses %j and names the key, the value and its type', (options, key, found) => {
    const error = errorOf(options);
    expect(error).toBeInstanceOf(AirlockOptionsError);
    expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key });
    expect(error.message).toMatch(/^Expected `/);
    expect(error.message).toContain(`\`${key}\` to be `);
    expect(error.message).toContain(`got ${found}.`);
  });

  it('refuses two carriers of one name, since a worker finds the value by it', () => {
    const tenant = { name: 'tenant', capture() {}, restore() {} };
    const error = errorOf({ context: [tenant, { ...tenant }] });
    expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: 'context[1].name' });
    expect(error.message).toContain('Two carriers are named `tenant`');
  });

  it('never shows what an object holds', () => {
    expect(errorOf({ executor: { password: 'hunter2' } }).message).not.toContain('hunter2');
  });

  it.each([['text'], [7], [null]])('refuses %j in place of options', (options) => {
    expect(errorOf(options)).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: 'options' });
  });
});

describe('when forRoot is given an unknown key', () => {
  it('names the known ones', () => {
    expect(errorOf({ polcy: [] })).toMatchObject({
      key: 'polcy',
      message: `Unknown option \`polcy\`. Known options: ${known}.`,
    });
  });

  it.each([
    [{ boundaries: { htp: true } }, 'boundaries.htp', 'http, rpc, ws, graphql, bullmq, schedule'],
    [
      { boundaries: { http: { openat: 'request' } } },
      'boundaries.http.openat',
      'policy, shouldFlush, dispatch, openAt',
    ],
    [{ [Symbol.iterator.toString()]: 1 }, 'Symbol(Symbol.iterator)', 'policy, executor'],
  ])('names it with its path and the known ones there: %j', (options, key, names) => {
    const error = errorOf(options);
    expect(error.key).toBe(key);
    expect(error.message).toContain(`Unknown option \`${key}\``);
    expect(error.message).toContain(`Known options: ${names}`);
  });
});

const others = [
  'rpc',
  'ws',
  'graphql',
  'bullmq',
  'schedule',
  'event-emitter',
  'cqrs',
  'commander',
] as const;

describe('when a boundary other than http is set', () => {
  it.each(others)('takes on, off, a policy and shouldFlush for %s', (name) => {
    for (const value of [undefined, true, false, {}, { policy: DropAll, shouldFlush: () => true }])
      expect(AirlockModule.forRoot({ boundaries: { [name]: value } })).toMatchObject({
        global: true,
      });
  });

  it.each(others)('refuses openAt for %s, which only http has', (name) => {
    const error = errorOf({ boundaries: { [name]: { openAt: 'request' } } });
    expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: `boundaries.${name}.openAt` });
    expect(error.message).toContain('only `http`');
  });
});

describe('when intercept is set', () => {
  it.each([
    [{}, 'intercept', 'an object (Object)'],
    [['queue'], 'intercept[0]', '`queue` (string)'],
    [[{ methods: ['add'] }], 'intercept[0].token', '`undefined`'],
    [[{ token: 'queue' }], 'intercept[0].methods', '`undefined`'],
    [[{ token: 'queue', methods: 'add' }], 'intercept[0].methods', '`add` (string)'],
    [[{ token: 'queue', methods: [] }], 'intercept[0].methods', 'an object (array)'],
    [
      [
        { token: 'a', methods: ['add'] },
        { token: 'b', methods: [1] },
      ],
      'intercept[1].methods',
      'an object (array)',
    ],
  ])('refuses %j', (intercept, key, found) => {
    const error = errorOf({ intercept });
    expect(error.key).toBe(key);
    expect(error.message).toContain(`got ${found}`);
  });

  it('refuses an unknown key and names the known ones', () => {
    const error = errorOf({ intercept: [{ token: 'queue', methods: ['add'], method: 'add' }] });
    expect(error.message).toBe(
      'Unknown option `intercept[0].method`. Known options: token, methods, optional.',
    );
  });
});

describe('when an option is undefined', () => {
  checkAfterEach();
  it('means the default', async () => {
    const undefinedOptions = Object.fromEntries(known.split(', ').map((key) => [key, undefined]));
    const { log } = await boot({}, undefinedOptions);
    const { log: defaults } = await boot({});
    expect(log.airlock('log')).toEqual(defaults.airlock('log'));
  });
});

describe('when forRootAsync yields a wrong value', () => {
  checkAfterEach();
  it('refuses to boot with the same error', async () => {
    const useFactory = () => ({ maxCascadeDepth: -1 });
    await expect(
      bootModule(moduleOf({ imports: [AirlockModule.forRootAsync({ useFactory })] })),
    ).rejects.toMatchObject({
      code: 'AIRLOCK_OPTIONS',
      message: 'Expected `maxCascadeDepth` to be a positive integer, got `-1` (number).',
    });
  });
});
