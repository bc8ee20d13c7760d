import type { ServerResponse } from 'node:http';
import type { Outcome } from '../../../core/model/scope-view.js';

/** The part of a response that tells the outcome of its request. */
interface WithStatus {
  readonly statusCode: number;
}

/** The outcome that a status tells (rule 7). @internal */
export function outcomeOf({ statusCode }: WithStatus): Outcome {
  return statusCode >= 400 ? 'failed' : 'completed';
}

/** `outcomeOf` for the status that was sent; cancelled if none was. @internal */
export function outcomeSent(response: ServerResponse): Outcome {
  return response.headersSent ? outcomeOf(response) : 'cancelled';
}

/** The status for the log. @internal */
export function statusOf(response: WithStatus): string {
  try {
    return `status ${response.statusCode}`;
  } catch {
    return 'no status';
  }
}
