import { enqueue } from 'nestjs-airlock';
import { captureEffects } from 'nestjs-airlock/testing';
import '../../../../lib/testing/jest.js';

function send(_to: string): void {}

describe('when the matchers are registered with the global expect', () => {
  it('has them', async () => {
    const captured = await captureEffects(() => enqueue(send, 'ada'));
    expect(captured).toHaveEnqueued(send, 'ada');
    expect(() => expect(captured).toHaveNoEffects()).toThrow(
      'Expected no effects, but there is 1.',
    );
  });
});
