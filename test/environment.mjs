import { AsyncLocalStorage } from 'node:async_hooks';
import { TestEnvironment } from 'jest-environment-node';
import './compiled-once.mjs';

/** What has been entered since the last test file ended, and what in that file. */
let entered = new Set();
let before = new Set();

// Before Node 24, every new Promise is handed the store of every storage that was ever entered in
// the process. Jest evaluates modules anew for each test file, so each brings storages of its own:
// after a hundred files, a test took ten times as long as in the first.
const { _enable: enable } = AsyncLocalStorage.prototype;
if (enable !== undefined) {
  AsyncLocalStorage.prototype._enable = function () {
    entered.add(this);
    enable.call(this);
  };
}

/**
 * Node, without what earlier test files have left behind in the process; work that the last one has
 * not awaited may still end.
 */
export default class extends TestEnvironment {
  async teardown() {
    for (const storage of before) if (!entered.has(storage)) storage.disable();
    before = entered;
    entered = new Set();
    await super.teardown();
  }
}
