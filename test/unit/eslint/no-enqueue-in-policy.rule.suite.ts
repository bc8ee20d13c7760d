/* oxlint-disable jest/expect-expect -- ESLint's RuleTester is what asserts. */
import { linting } from './linters.js';

const { accepts, reports } = linting('no-enqueue-in-policy');

const imports = `
import { AirlockModule, BlockTasks, EffectBuffer, SideEffect, UseAirlockPolicy, defer, enqueue, runInScope, withPolicy, type Intent, type Policy } from 'nestjs-airlock';
declare const f: (...args: unknown[]) => void;
`;
const policy = (body: string, members = ''): string => `${imports}
class Audit implements Policy {
  constructor(private readonly effects: EffectBuffer, private readonly log: { write(): Promise<void> }) {}
  async allows(intent: Intent): Promise<boolean> { ${body} return intent.name !== 'x'; }
  ${members}
}`;

describe('when a policy calls an effect', () => {
  it.each([
    ['on the buffer', 'this.effects.enqueue(f);'],
    ['on the buffer with options', 'this.effects.enqueueWith({ name: "x" }, f);'],
    ['on a deferred object', 'this.effects.defer(this.log).write();'],
    ['on a deferred object with a name', 'const log = defer(this.log); log.write();'],
    ['by the free function', 'enqueue(f, intent.name);'],
    ['after an await', 'await this.log.write(); enqueue(f);'],
    ['in a function within it', '[1].forEach(() => enqueue(f));'],
    ['in a function called at once', '(() => { enqueue(f); })();'],
  ])('reports it: %s', (_, body) => {
    reports(policy(body), [{ messageId: 'effect' }]);
  });

  it('reports a method that is an effect', () => {
    reports(policy('await this.tell();', '@SideEffect() async tell(): Promise<void> {}'), [
      { messageId: 'effect' },
    ]);
  });

  it.each([
    ['a method', 'await this.tell();', 'async tell() { this.effects.enqueue(f); }'],
    [
      'two methods',
      'await this.tell();',
      'async tell() { await this.really(); } async really() { await null; this.effects.enqueue(f); }',
    ],
  ])('reports it behind %s', (_, body, members) => {
    reports(policy(body, members), [{ messageId: 'indirect', data: { call: 'this.tell()' } }]);
  });

  it('reports a service in another file by its types', () => {
    const code = (method: string) =>
      `import { OrdersService, MailService } from './orders.service.js'; import type { Intent, Policy } from 'nestjs-airlock';
       class Audit implements Policy { constructor(private orders: OrdersService, private mail: MailService) {} onEnqueue(intent: Intent) { void this.${method}; } }`;
    reports(code('orders.now()'), [{ messageId: 'indirect' }], { types: 'with' });
    reports(code('mail.sendReceipt(1)'), [{ messageId: 'effect' }], { types: 'with' });
    accepts(code('orders.quiet()'));
  });
});

describe('when something is a policy', () => {
  it.each([
    ['a class that implements Policy', 'class A implements Policy { onEnqueue() { enqueue(f); } }'],
    [
      'a class that extends a policy',
      'class A extends BlockTasks { override allows() { enqueue(f); return true; } }',
    ],
    [
      'a class whose base does',
      'class B implements Policy {} class A extends B { allows() { enqueue(f); return true; } }',
    ],
    ['a class with onEnqueue', 'class A { onEnqueue() {} allows() { enqueue(f); return true; } }'],
    [
      'a class that allows intents',
      'class A { allows(intent: Intent) { enqueue(f); return true; } }',
    ],
    [
      'a class that takes intents apart',
      'class A { allows({ name }: Intent) { enqueue(f, name); return true; } }',
    ],
    [
      'a class with an arrow function',
      'class A implements Policy { allows = () => { enqueue(f); return true; }; }',
    ],
    ['an object declared so', 'const a: Policy = { allows() { enqueue(f); return true; } };'],
    [
      'an object that satisfies Policy',
      'const a = { allows: () => { enqueue(f); return true; } } satisfies Policy;',
    ],
    [
      'an object that is returned as one',
      'const a = (): Policy => ({ allows() { enqueue(f); return true; } });',
    ],
    [
      'an object that is returned as one later',
      'function a(): Policy { return { allows() { enqueue(f); return true; } }; }',
    ],
    [
      'an object given to withPolicy',
      'withPolicy({ allows: () => { enqueue(f); return true; } }, f);',
    ],
    [
      'an object given to a decorator',
      '@UseAirlockPolicy({ allows: () => { enqueue(f); return true; } }) class A {}',
    ],
    [
      'an object among options',
      'AirlockModule.forRoot({ policy: { allows: () => { enqueue(f); return true; } } });',
    ],
    [
      'an object in a list among options',
      'AirlockModule.forRoot({ policy: [{ allows: () => { enqueue(f); return true; } }] });',
    ],
    ['an object with onEnqueue', 'const a = { onEnqueue() { enqueue(f); } };'],
  ])('knows %s', (_, code) => {
    reports(imports + code, [{ messageId: 'effect' }]);
  });

  it.each([
    [
      'a class with another allows',
      'class A { allows(user: string) { enqueue(f, user); return true; } }',
    ],
    ['an object with another allows', 'const a = { allows: () => { enqueue(f); return true; } };'],
    [
      'an onEnqueue of something else',
      'class A { onEnqueue(player: string) { enqueue(f, player); } }',
    ],
    [
      'a listener with an onEnqueue',
      'const a = { onEnqueue: (player: string) => enqueue(f, player) };',
    ],
    ['another method of a policy', 'class A implements Policy { report() { enqueue(f); } }'],
  ])('is not taken in by %s', (_, code) => {
    accepts(imports + code);
  });
});

describe('when a policy calls no effect', () => {
  it.each([
    ['reads', 'await this.log.write();'],
    [
      'calls an enqueue of something else',
      'const jobs = new Set<unknown>() as unknown as { enqueue(x: unknown): void }; jobs.enqueue(f);',
    ],
    ['opens a scope of its own', 'await runInScope(() => enqueue(f));'],
  ])('accepts one that %s', (_, body) => {
    accepts(policy(body));
  });

  it('accepts a method that calls none', () => {
    accepts(policy('await this.look();', 'async look() { await this.log.write(); }'));
  });
});
