/* oxlint-disable jest/expect-expect -- ESLint's RuleTester is what asserts. */
import { linting } from './linters.js';

const { accepts, reports } = linting('no-floating-effects');

const service = (methods: string): string => `
import { Airlock, AirlockService, EffectBuffer, SideEffect, enqueue, defer, runInScope } from 'nestjs-airlock';
declare const f: (...args: unknown[]) => void;
class Service {
  constructor(readonly effects: EffectBuffer, readonly airlock: AirlockService, readonly repo: { save(): Promise<void> }) {}
  ${methods}
}`;

const late = 'async late() { await this.repo.save(); this.effects.enqueue(f, 1); }';

describe('when nobody waits for a method that calls an effect after an await', () => {
  it.each([
    [
      'the call is a statement',
      'async place() { this.late(); }',
      'async place() { await this.late(); }',
    ],
    [
      'the call is void',
      'async place() { void this.late(); }',
      'async place() { await this.late(); }',
    ],
    [
      'only its errors are handled',
      'async place() { this.late().catch(f); }',
      'async place() { await this.late().catch(f); }',
    ],
    [
      'it goes on',
      'async place() { void this.late().then(f, f); }',
      'async place() { await this.late().then(f, f); }',
    ],
    ['the method is not async', 'place() { void this.late(); }', undefined],
    ['the call depends on something', 'async place(x: boolean) { x && this.late(); }', undefined],
    [
      'the call is one of two',
      'async place(x: boolean) { x ? this.late() : this.repo.save(); }',
      undefined,
    ],
    [
      'it is one of several',
      'async place() { void Promise.all([this.repo.save(), this.late()]); }',
      'async place() { await Promise.all([this.repo.save(), this.late()]); }',
    ],
    ['it is after a comma', 'async place() { this.repo, this.late(); }', undefined],
    ['forEach gets it', 'async place() { [1].forEach(() => this.late()); }', undefined],
    [
      'an unused map returns it',
      'async place() { [1].map(() => { return this.late(); }); }',
      undefined,
    ],
    [
      'no async function is around it',
      'async place() { [1].forEach(() => void this.late()); }',
      undefined,
    ],
    [
      'it is an arrow function that forgets it',
      'place() { [1].forEach(() => void this.late()); }',
      undefined,
    ],
  ])('reports it: %s', (_, method, suggestion) => {
    reports(service(`${late} ${method}`), [
      {
        messageId: 'floating',
        ...(suggestion && { suggestion: service(`${late} ${suggestion}`) }),
      },
    ]);
  });

  it.each([
    ['awaited', 'async place() { await this.late(); }'],
    ['returned', 'place() { return this.late(); }'],
    [
      'returned by an arrow function',
      'async place() { await Promise.all([1].map(() => this.late())); }',
    ],
    [
      'kept for later',
      'async place() { const done = this.late(); await this.repo.save(); await done; }',
    ],
    [
      'awaited with others',
      'async place() { await Promise.all([this.late(), this.repo.save()]); }',
    ],
  ])('accepts it where it is %s', (_, method) => {
    accepts(service(`${late} ${method}`));
  });
});

describe('when a method calls an effect late', () => {
  it.each([
    ['after an await', 'async g() { await this.repo.save(); this.effects.enqueue(f); }'],
    [
      'with options',
      'async g() { await this.repo.save(); this.effects.enqueueWith({ name: "x" }, f); }',
    ],
    ['with what it waited for', 'async g() { this.effects.enqueue(f, await this.repo.save()); }'],
    [
      'in a loop with an await',
      'async g() { for (;;) { this.effects.enqueue(f); await this.repo.save(); } }',
    ],
    [
      'in a loop that awaits',
      'async g(xs: AsyncIterable<number>) { for await (const x of xs) this.effects.enqueue(f, x); }',
    ],
    [
      'in a callback of then',
      'g() { return this.repo.save().then(() => this.effects.enqueue(f)); }',
    ],
    [
      'in a transaction',
      'async g(db: any) { return db.transaction(() => { this.effects.enqueue(f); }); }',
    ],
    [
      'in an iteration after an await',
      'async g() { await this.repo.save(); [1].forEach((x) => this.effects.enqueue(f, x)); }',
    ],
    [
      'in a function that is called at once',
      'async g() { await (async () => { await this.repo.save(); this.effects.enqueue(f); })(); }',
    ],
    [
      'through another method',
      'async g() { await this.h(); } async h() { await this.repo.save(); this.effects.enqueue(f); }',
    ],
    [
      'through another method after an await',
      'async g() { await this.repo.save(); this.h(); } h() { this.effects.enqueue(f); }',
    ],
    ['by the free function', 'async g() { await this.repo.save(); enqueue(f); }'],
    [
      'on a deferred object',
      'async g() { await this.repo.save(); this.effects.defer(this.repo).save(); }',
    ],
    [
      'on a deferred object with a name',
      'async g() { const repo = defer(this.repo); await this.repo.save(); repo.save(); }',
    ],
    [
      'by a method that is an effect',
      'async g() { await this.repo.save(); await this.tell(); } @SideEffect() async tell(): Promise<void> {}',
    ],
    [
      'under one more policy',
      'async g() { await this.repo.save(); this.effects.withPolicy({}, () => this.effects.enqueue(f)); }',
    ],
  ])('reports who does not wait: %s', (_, methods) => {
    reports(
      service(
        `${methods} place() { void this.g(${methods.includes('(xs') ? '[] as any' : methods.includes('(db') ? 'null' : ''}); }`,
      ),
      [{ messageId: 'floating' }],
    );
  });
});

describe('when a method calls an effect in time', () => {
  it.each([
    ['before its first await', 'async g() { this.effects.enqueue(f); await this.repo.save(); }'],
    [
      'after an arm that waits and returns',
      'async g() { if (this.airlock) { await this.repo.save(); return; } this.effects.enqueue(f); }',
    ],
    [
      'in a generator that nobody goes through',
      'async *g() { await this.repo.save(); this.effects.enqueue(f); yield 1; }',
    ],
    [
      'while calling what it awaits',
      'async g() { await this.h(); } async h() { this.effects.enqueue(f); }',
    ],
    [
      'in an iteration before an await',
      'async g() { [1].forEach((x) => this.effects.enqueue(f, x)); await this.repo.save(); }',
    ],
    [
      'as an effect itself',
      '@SideEffect() async g(): Promise<void> { await this.repo.save(); this.effects.enqueue(f); }',
    ],
    [
      'in a scope of its own',
      '@Airlock() async g() { await this.repo.save(); this.effects.enqueue(f); }',
    ],
    [
      'in a scope that it opens',
      'async g() { await this.repo.save(); await this.airlock.run(() => this.effects.enqueue(f)); }',
    ],
    [
      'in a scope that it opens freely',
      'async g() { await this.repo.save(); await runInScope(async () => { await this.repo.save(); enqueue(f); }); }',
    ],
    [
      'within an effect',
      'async g() { this.effects.enqueue(async () => { await this.repo.save(); this.effects.enqueue(f); }); }',
    ],
    [
      'in a listener',
      'async g(on: any) { on.on("a", async () => { await this.repo.save(); this.effects.enqueue(f); }); }',
    ],
    [
      'never',
      'async g() { await this.repo.save(); const h = () => this.effects.enqueue(f); return h; }',
    ],
    [
      'never, but something else is called so',
      'async g(jobs: { enqueue(f: unknown): void }) { await this.repo.save(); jobs.enqueue(f); }',
    ],
    [
      'never, and it calls itself',
      'async g(): Promise<void> { await this.repo.save(); await this.g(); }',
    ],
  ])('accepts who does not wait: %s', (_, methods) => {
    accepts(
      service(
        `${methods} place() { void this.g(${methods.includes('(on') || methods.includes('(jobs') ? 'null as any' : ''}); }`,
      ),
    );
  });

  it('accepts a synchronous method that nobody can wait for', () => {
    accepts(service('g() { this.effects.enqueue(f); } place() { this.g(); }'));
  });
});

describe('when nobody waits for a function', () => {
  it.each([
    [
      'a declared one',
      'async function g() { await null; enqueue(f); } async function place() { g(); }',
      'async function g() { await null; enqueue(f); } async function place() { await g(); }',
    ],
    [
      'a constant one',
      'const g = async () => { await null; enqueue(f); }; async function place() { g(); }',
      'const g = async () => { await null; enqueue(f); }; async function place() { await g(); }',
    ],
    [
      'one that is called at once',
      'async function place() { void (async () => { await null; enqueue(f); })(); }',
      'async function place() { await (async () => { await null; enqueue(f); })(); }',
    ],
    [
      'the rest of a promise',
      'async function place(p: Promise<void>) { p.then(() => enqueue(f)); }',
      'async function place(p: Promise<void>) { await p.then(() => enqueue(f)); }',
    ],
    [
      'an async callback of forEach',
      'async function place() { [1].forEach(async () => { await null; enqueue(f); }); }',
      undefined,
    ],
    [
      'the async callbacks of a map',
      'async function place() { void Promise.all([1].map(async () => { await null; enqueue(f); })); }',
      'async function place() { await Promise.all([1].map(async () => { await null; enqueue(f); })); }',
    ],
  ])('reports %s', (_, code, suggestion) => {
    const head = 'import { enqueue } from "nestjs-airlock"; declare const f: () => void;\n';
    reports(head + code, [
      { messageId: 'floating', ...(suggestion && { suggestion: head + suggestion }) },
    ]);
  });
});

describe('when the method is in another file', () => {
  const calling = (statement: string): string =>
    `import { OrdersService } from './orders.service.js';\nclass A { constructor(private readonly orders: OrdersService) {} async place() { ${statement} } }`;

  it.each([
    'late',
    'lateBySideEffect',
    'lateByDefer',
    'lateInLoop',
    'lateInAsyncLoop',
    'lateThroughOther',
    'lateByThen',
  ])('reports it by its types: %s', (method) => {
    reports(
      calling(`void this.orders.${method}();`),
      [{ messageId: 'floating', suggestion: calling(`await this.orders.${method}();`) }],
      { types: 'with' },
    );
    accepts(calling(`void this.orders.${method}();`), { types: 'without' });
  });

  it.each(['early', 'quiet', 'inScopeOfItsOwn', 'inScopeWithin', 'now'])('accepts %s', (method) => {
    accepts(calling(`this.orders.${method}();`));
  });
});

describe('when the report is read', () => {
  it('names the call', () => {
    reports(service(`${late} place() { void this.late(); }`), [
      { messageId: 'floating', data: { call: 'this.late()' } },
    ]);
  });
});
