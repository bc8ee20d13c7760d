import { AsyncLocalStorage } from 'node:async_hooks';
import { TestEnvironment } from 'jest-environment-node';
import './compiled-once.mjs';

/** What Node keeps for as long as the process lives, and a test file has used. */
class Used {
  /** Storages that were entered. */
  storages = new Set();
  /** Timers that were set anew. */
  timers = new Set();
}

/** What was used since the last test file ended, and what in that file. */
let used = new Used();
let before = new Used();

// Before Node 24, every new Promise is handed the store of every storage that was ever entered in
// the process. Jest evaluates modules anew for each test file, so each brings storages of its own:
// after a hundred files, a test took ten times as long as in the first.
const { _enable: enable } = AsyncLocalStorage.prototype;
if (enable !== undefined) {
  AsyncLocalStorage.prototype._enable = function () {
    used.storages.add(this);
    enable.call(this);
  };
}

// A timer keeps all stores that it was ever set anew with. `fetch` has one for the whole process,
// which kept every file that had used it, with all its modules.
const timer = setTimeout(() => {});
clearTimeout(timer);
const timers = timer.constructor.prototype;
const { refresh } = timers;
timers.refresh = function () {
  used.timers.add(this);
  return refresh.call(this);
};

/**
 * Node, without what earlier test files have left behind in the process; work that the last one has
 * not awaited may still end.
 */
export default class extends TestEnvironment {
  async teardown() {
    for (const storage of before.storages) {
      if (used.storages.has(storage)) continue;
      storage.disable();
      for (const timer of [...before.timers, ...used.timers]) delete timer[storage.kResourceStore];
    }
    before = used;
    used = new Used();
    await super.teardown();
  }
}
