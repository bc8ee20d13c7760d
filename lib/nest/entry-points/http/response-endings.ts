/** A request whose response has ended. @internal */
export interface Ending {
  isEnding: boolean;
  /** The one that ended before it, in the same callback of Node. */
  endedAfter: Ending | undefined;
}

/**
 * Requests whose responses end in the callback that Node is running. Node tells the end by several
 * events, and platforms by hooks that run one after another; all of them run before Node's next
 * callback. Then all requests leave that state together: a listener to each event, and a microtask
 * for each request, would cost a request more than the rest of its scope.
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
