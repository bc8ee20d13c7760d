import { runInNewContext } from 'node:vm';
import { isError, listed, messageOf, stacksOf, titleOf } from '../../../lib/errors/thrown.js';
import { masked } from '../../../lib/errors/masked.js';
import { oddities } from './oddities.js';

function chain(length: number): Error {
  let error = new Error('the first cause');
  for (let i = 0; i < length; i++) error = new Error(`cause ${i}`, { cause: error });
  return error;
}

describe.each(Object.entries(oddities))('when what was thrown is %s', (_name, make) => {
  it('is told in words, whatever is asked of it', () => {
    for (const text of [messageOf(make()), titleOf(make()), stacksOf(make())]) {
      expect(typeof text).toBe('string');
      expect(text.length).toBeLessThan(300_000);
    }
    expect(messageOf(make())).not.toBe('');
    expect(typeof isError(make())).toBe('boolean');
  });
});

describe('when an error is one of another realm, made without a class', () => {
  it('is known as one, and told by its message', () => {
    const error = runInNewContext(`
      function SqliteError(message) { this.message = message; Error.captureStackTrace(this); }
      Object.setPrototypeOf(SqliteError.prototype, Error.prototype);
      new SqliteError('no such table: orders');
    `) as unknown;
    expect(error).not.toBeInstanceOf(Error);
    expect(isError(error)).toBe(true);
    expect(messageOf(error)).toBe('no such table: orders');
  });
});

describe('when an error has causes', () => {
  it('shows the stack of each, the outermost first', () => {
    const text = stacksOf(chain(2));
    expect([...text.matchAll(/^Error: (.*)$/gm)].map(([, message]) => message)).toEqual([
      'cause 1',
      'cause 0',
      'the first cause',
    ]);
  });

  it('shows one that causes itself once', () => {
    const error = new Error('round');
    error.cause = error;
    expect(stacksOf(error).match(/Error: round/g)).toHaveLength(1);
  });

  it('says that there are more than the first twenty', () => {
    const text = stacksOf(chain(20_000));
    expect(text.match(/^Error: /gm)!.length).toBe(21);
    expect(text).toMatch(/… and what caused it$/);
  });
});

describe('when several errors are in one', () => {
  it('shows the first twenty, and how many more there are', () => {
    const text = stacksOf(
      new AggregateError(
        Array.from({ length: 10_000 }, (_, i) => new Error(`failure ${i}`)),
        'many',
      ),
    );
    expect(text.match(/^Error: failure/gm)).toHaveLength(20);
    expect(text).toMatch(/… and 9980 more$/);
  });

  it('shows a hundred at most, however they are nested', () => {
    const nest = (depth: number): Error =>
      depth === 0
        ? new Error('leaf')
        : new AggregateError(
            Array.from({ length: 20 }, () => nest(depth - 1)),
            'many',
          );
    expect(stacksOf(nest(3)).match(/^Error: leaf/gm)).toHaveLength(100);
  });

  it('shows where they were collected if there are none', async () => {
    const error: unknown = await Promise.any([]).catch((thrown: unknown) => thrown);
    expect(stacksOf(error)).toMatch(/^AggregateError: All promises were rejected/);
    expect(stacksOf(new AggregateError([], 'none', { cause: new Error('why') }))).toMatch(
      /^AggregateError: none[^]*^Error: why/m,
    );
  });
});

describe('when many things are listed', () => {
  it('names all of twenty, and the first twenty of more', () => {
    const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
    expect(listed(numbers(3), String)).toBe('0, 1, 2');
    expect(listed(numbers(20), String)).toMatch(/, 19$/);
    expect(listed(numbers(21), String)).toMatch(/, 19, … and 1 more$/);
  });
});

describe('when a text is masked', () => {
  it.each([
    ['redis://:secret@host', 'redis://…'],
    ['at redis+tls://u:p@h and more', 'at redis+tls://…'],
    ['no url', 'no url'],
    ['://nothing before', '://nothing before'],
    ['1://no scheme, then amqp://u:p@h', '1://no scheme, then amqp://…'],
  ])('makes %j %j', (text, shown) => {
    expect(masked(text)).toBe(shown);
  });

  it('takes time in proportion to the text', () => {
    const time = (text: string): number => {
      const startedAt = performance.now();
      masked(text);
      return performance.now() - startedAt;
    };
    for (const letter of ['a', '://', '1://']) {
      const [small, large] = [50_000, 200_000].map((length) =>
        Math.min(...[1, 2, 3].map(() => time(letter.repeat(length)))),
      );
      expect(large!).toBeLessThan(50 + 10 * small!);
    }
  });
});
