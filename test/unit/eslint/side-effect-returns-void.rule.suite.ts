/* oxlint-disable jest/expect-expect -- ESLint's RuleTester is what asserts. */
import { linting } from './linters.js';

const { accepts, reports } = linting('side-effect-returns-void');

const service = (method: string, decorator = '@SideEffect()'): string => `
import { SideEffect, SideEffect as Effect } from 'nestjs-airlock';
import * as airlock from 'nestjs-airlock';
type Done = Promise<void>;
interface Receipt { id: number }
declare const smtp: { send(): Promise<Receipt>; say(): void };
class MailService {
  ${decorator}
  ${method}
}`;

describe('when an effect declares a result', () => {
  it.each([
    ['a value', 'send(): number { return 1; }'],
    ['a promise of a value', 'async send(): Promise<Receipt> { return smtp.send(); }'],
    ['a value or nothing', 'send(): number | undefined { return 1; }'],
    [
      'a promise of a value or nothing',
      'async send(): Promise<Receipt | void> { return smtp.send(); }',
    ],
    ['anything', 'async send(): Promise<any> { return smtp.send(); }'],
    ['a generator', 'async *send(): AsyncGenerator<void> { yield; }'],
  ])('reports it: %s', (_, method) => {
    reports(service(method), [{ messageId: 'result', data: { method: 'send' } }]);
  });

  it.each([
    [
      'async send(): Promise<any> { await smtp.send(); }',
      'async send(): Promise<void> { await smtp.send(); }',
    ],
    ['send(): unknown { smtp.say(); return; }', 'send(): void { smtp.say(); return; }'],
    [
      'async send(): Promise<Receipt> { await Promise.all([1].map(() => { return smtp.send(); })); }',
      'async send(): Promise<void> { await Promise.all([1].map(() => { return smtp.send(); })); }',
    ],
  ])('suggests what the body says: %s', (before, after) => {
    reports(service(before), [{ messageId: 'result', suggestion: service(after) }]);
  });
});

describe('when an effect declares nothing', () => {
  it.each([
    ['void', 'send(): void { smtp.say(); }'],
    ['a promise of nothing', 'async send(): Promise<void> { await smtp.send(); }'],
    ['undefined', 'send(): undefined { return undefined; }'],
    ['never', 'send(): never { throw new Error(); }'],
    ['either', 'send(): void | Promise<void> { return smtp.say(); }'],
    ['an alias of it', 'async send(): Done {}'],
  ])('accepts it: %s', (_, method) => {
    accepts(service(method));
  });
});

describe('when an effect leaves its result to be inferred', () => {
  it.each([
    ['async send() { return { id: 1 }; }'],
    ['send() { if (smtp) return `sent`; return; }'],
    ['async *send() { yield 1; }'],
  ])('reports what is plainly a value: %s', (method) => {
    reports(service(method), [{ messageId: 'result' }]);
  });

  it('reports what the type checker knows to be one', () => {
    const code = service('async send() { return smtp.send(); }');
    reports(code, [{ messageId: 'result' }], { types: 'with' });
    accepts(code, { types: 'without' });
  });

  it.each([
    ['async send() { await smtp.send(); }'],
    ['send() { return smtp.say(); }'],
    ['async send() { if (!smtp) return; await Promise.all([1].map(async () => { return 1; })); }'],
  ])('accepts what is none: %s', (method) => {
    accepts(service(method));
  });
});

describe('when the decorator is written in another way', () => {
  it.each(['@Effect()', '@airlock.SideEffect({ name: "x" })'])('knows it: %s', (decorator) => {
    reports(service('send(): number { return 1; }', decorator), [{ messageId: 'result' }]);
  });

  it('knows those that options name', () => {
    const code = service('send(): number { return 1; }', '@Mail()');
    accepts(code);
    reports(code, [{ messageId: 'result' }], { options: { effectDecorators: ['Mail'] } });
  });

  it('leaves methods that are no effects alone', () => {
    accepts(service('send(): number { return 1; }', ''));
  });
});
