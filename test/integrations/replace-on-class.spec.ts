import { replaceOnClass } from '../../lib/integrations/replace-on-class.js';

class Client {
  constructor(private readonly name: string) {}
  begin(at: string, _mode: string): string {
    return `${this.name} begins ${at}`;
  }
}
class Derived extends Client {}

const loud = (prototype: object = Client.prototype): (() => void) =>
  replaceOnClass(
    prototype,
    'begin',
    (original) =>
      function (this: Client, ...args: unknown[]) {
        return `${String(original.apply(this, args))}!`;
      },
  );

describe('when a method is replaced on the class of an object', () => {
  /** Its property as it stands. */
  const begin = (): PropertyDescriptor =>
    Object.getOwnPropertyDescriptor(Client.prototype, 'begin')!;
  const original = begin();

  it('is replaced for objects made before and after, and those of classes derived from it', () => {
    const before = new Derived('a');
    const end = loud(Derived.prototype);
    expect([before.begin('now', ''), new Client('b').begin('now', '')]).toEqual([
      'a begins now!',
      'b begins now!',
    ]);
    expect(Object.hasOwn(Derived.prototype, 'begin')).toBe(false);
    end();
    expect(begin()).toEqual(original);
  });

  it('looks like the original', () => {
    const end = loud();
    const { value, ...attributes } = begin();
    const { name, length } = value as (...args: unknown[]) => unknown;
    expect({ name, length, ...attributes }).toEqual({
      name: 'begin',
      length: 2,
      writable: true,
      enumerable: false,
      configurable: true,
    });
    end();
  });

  it('is replaced once for all who want it, until the last has taken it back', () => {
    const ends = [loud(), loud(Derived.prototype)];
    const speak = () => new Client('a').begin('now', '');
    expect(speak()).toBe('a begins now!');
    ends[0]!();
    ends[0]!();
    expect(speak()).toBe('a begins now!');
    ends[1]!();
    expect(speak()).toBe('a begins now');
  });

  it('does as the original where somebody has replaced it in turn and it cannot be taken away', () => {
    const end = loud();
    const ours = begin().value as (...args: unknown[]) => string;
    Object.defineProperty(Client.prototype, 'begin', {
      value(this: Client, ...args: unknown[]) {
        return `(${ours.apply(this, args)})`;
      },
    });
    end();
    expect(new Client('a').begin('now', '')).toBe('(a begins now)');
    Object.defineProperty(Client.prototype, 'begin', original);
  });
});
