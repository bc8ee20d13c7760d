import { AirlockOptionsError } from 'nestjs-airlock';
import { describeTransactionContract } from 'nestjs-airlock/testing';

describe('when a contract is described where the test runner leaves no globals', () => {
  it('says which are missing, and how to have them', () => {
    const { beforeEach: hidden } = globalThis;
    Reflect.deleteProperty(globalThis, 'beforeEach');
    try {
      const describing = (): void =>
        describeTransactionContract('mine', { connect: () => Promise.reject(new Error()) });
      expect(describing).toThrow(AirlockOptionsError);
      expect(describing).toThrow('describeTransactionContract found no global `beforeEach`.');
    } finally {
      globalThis.beforeEach = hidden;
    }
  });
});
