import { describe, expect, it } from '@jest/globals';
import '../../lib/testing/jest-globals.js';
import { enqueue } from 'nestjs-airlock';
import { captureEffects } from 'nestjs-airlock/testing';

function send(_to: string): void {}

describe('when the matchers are registered with @jest/globals', () => {
  it('has them, with their types', async () => {
    const captured = await captureEffects(() => enqueue(send, 'ada'));
    expect(captured).toHaveEnqueued(send, 'ada');
    expect(captured).toHaveDispatched(send, expect.any(String));
    expect(captured).toHaveDispatchedTimes(send, 1);
    expect(captured).not.toHaveDropped(send, { args: ['ada'], reason: 'rollback' });
    expect(() => expect(captured).toHaveNoEffects()).toThrow(
      'Expected no effects, but there is 1.',
    );
  });
});
