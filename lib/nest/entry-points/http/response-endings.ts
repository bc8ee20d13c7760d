/** A request whose response has ended. @internal */
export interface Ending {
  isEnding: boolean;
  /** The one that ended before it, of those that are left together. */
  endedAfter: Ending | undefined;
}

/**
 * Requests whose responses end in the callback that Node is calling. It tells that by several
 * events, and platforms by hooks that are called one after another; all of it comes before Node
 * calls anything else. They are left together: a listener to each event, and a microtask to leave
 * it, cost a request more than the rest of its scope.
 *
 * @internal
 */
export class ResponseEndings {
  private last: Ending | undefined;

  note(request: Ending): void {
    if (request.isEnding) return;
    request.isEnding = true;
    request.endedAfter = this.last;
    if (this.last === undefined) void RESOLVED.then(this.leaveAfterMicrotasks);
    this.last = request;
  }

  private readonly leaveAfterMicrotasks = (): void => nextTick(this.leave);

  private readonly leave = (): void => {
    let request = this.last;
    this.last = undefined;
    while (request !== undefined) {
      const before: Ending | undefined = request.endedAfter;
      request.isEnding = false;
      request.endedAfter = undefined;
      request = before;
    }
  };
}

const RESOLVED = Promise.resolve();
/** Node's own, which a test may replace while an application runs. */
const nextTick = process.nextTick.bind(process);
