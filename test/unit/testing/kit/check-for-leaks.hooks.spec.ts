import { setImmediate } from 'node:timers/promises';
import { enqueue, runInScope } from 'nestjs-airlock';
import { checkForLeaks } from 'nestjs-airlock/testing';

checkForLeaks();

describe('when leaks are checked for with the hooks of the test runner', () => {
  it('lets tests pass that end their scopes', async () => {
    await expect(runInScope(() => enqueue(() => {}))).resolves.toBeUndefined();
  });

  it('waits for what ends soon after', () => {
    const work = runInScope(() => setImmediate());
    expect(work).toBeInstanceOf(Promise);
  });
});
