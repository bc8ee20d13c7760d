import { isOfTransaction } from '../../lib/core/model/transaction-errors.js';
import { inTransaction } from '../../lib/integrations/given-up.js';
import { errorOf } from '../unit/core/fixtures.js';

const conflict = (): Error => Object.assign(new Error('deadlock detected'), { code: '40P01' });

describe('when a write fails by a conflict', () => {
  it('marks the error of the client itself', async () => {
    const error = conflict();
    expect(await errorOf(() => inTransaction(Promise.reject(error)))).toBe(error);
    expect(isOfTransaction(error, 'conflict')).toBe(true);
  });

  it('passes on a frozen one as it is', async () => {
    const error = Object.freeze(conflict());
    expect(await errorOf(() => inTransaction(Promise.reject(error)))).toBe(error);
    expect(isOfTransaction(error, 'conflict')).toBe(false);
  });
});
