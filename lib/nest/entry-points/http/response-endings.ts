/** A request whose response has ended. @internal */
export interface Ending {
  isEnding: boolean;
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
  private noted: Ending[] = [];

  note(request: Ending): void {
    if (request.isEnding) return;
    request.isEnding = true;
    if (this.noted.push(request) === 1) void RESOLVED.then(this.leaveAfterMicrotasks);
  }

  private readonly leaveAfterMicrotasks = (): void => process.nextTick(this.leave);

  private readonly leave = (): void => {
    const { noted } = this;
    this.noted = [];
    for (const request of noted) request.isEnding = false;
  };
}

const RESOLVED = Promise.resolve();
