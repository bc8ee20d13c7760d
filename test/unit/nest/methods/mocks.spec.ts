import { mock } from 'node:test';
import { isMock, isSpy } from '../../../../lib/nest/methods/mocks.js';
import { mockOf } from '../../../field/mock-of.js';

class Client {
  query(): string {
    return 'real';
  }
}

/** As the client of a remote API: each property is a function with any properties. */
function anything(): () => unknown {
  return new Proxy(() => anything(), { get: () => anything() });
}

const refusing: ProxyHandler<object> = {
  get: () => {
    throw new Error('There is no instance yet.');
  },
};

const sinonStub = Object.assign(() => {}, { isSinonProxy: true });

describe('when a function is looked at', () => {
  it.each<[string, object]>([
    ['a mock of Jest', jest.fn()],
    ['a spy of Jest', jest.spyOn(new Client(), 'query')],
    ['a mock of node:test', mock.fn()],
    ['a stub of Sinon', sinonStub],
  ])('takes %s for a spy', (_, method) => {
    expect(isSpy(method)).toBe(true);
  });

  it.each<[string, object]>([
    ['a function', () => {}],
    ['a class', Client],
    ['a function with a property of that name', Object.assign(() => {}, { mock: {} })],
    ['a proxy that has any property', anything()],
  ])('takes %s for none', (_, method) => {
    expect(isSpy(method)).toBe(false);
  });
});

describe('when an object is looked at', () => {
  const spiedOn = new Client();
  jest.spyOn(spiedOn, 'query');

  it.each<[string, object]>([
    ['a mock function', jest.fn()],
    ['a literal of mocks', { query: mock.fn(), name: 'x' }],
    ['a literal of literals of mocks', { user: { create: jest.fn() } }],
    ['an instance of a mocked class', new (jest.fn())()],
    ['a proxy that makes mocks', mockOf()],
  ])('takes %s for a mock', (_, object) => {
    expect(isMock(object)).toBe(true);
  });

  it.each<[string, object]>([
    ['an instance', new Client()],
    ['an instance that a test spies on', spiedOn],
    ['a literal', { query: () => 'real', user: { create: () => 'real' } }],
    ['a function', () => 'real'],
    ['a proxy of an instance', new Proxy(new Client(), {})],
    ['a proxy that has any property', anything()],
    ['a proxy that refuses to be read', new Proxy({}, refusing)],
    ['a literal of such functions', { query: new Proxy(() => 'real', refusing) }],
  ])('takes %s for none', (_, object) => {
    expect(isMock(object)).toBe(false);
  });

  it('runs no getter', () => {
    const getter = jest.fn(() => 1);
    expect(isMock(Object.defineProperty({}, 'opened', { get: getter, enumerable: true }))).toBe(
      false,
    );
    expect(getter).not.toHaveBeenCalled();
  });
});
