import type { Provider } from '@nestjs/common';
import type { EnqueueOptions } from '../../../core/model/enqueue-options.js';
import type { PolicyRef } from '../../../core/model/policy.js';

/**
 * Call that is put to a policy, with all that a policy may go by. The effect behind it is the
 * suite's own. @publicApi
 */
export interface PolicyContractCall extends Pick<EnqueueOptions, 'on' | 'dispatchOptions'> {
  /** Name of the effect as policies see it, such as `MailService.sendReceipt`. */
  readonly name: string;
  /** @default 'PolicyContract' */
  readonly origin?: string;
  /** @default none */
  readonly args?: readonly unknown[];
}

/** Policy for `describePolicyContract`, and what its author says of it. @publicApi */
export interface PolicyContractOptions {
  /** Makes the policy, anew for each case: an object, or the class that Nest is to build. */
  create(): PolicyRef;
  /** The class and what it injects, where Nest is to build it. @default none */
  readonly providers?: readonly Provider[];
  /**
   * Calls it lets out: their names, or more of them where it goes by more. Stated calls are made in
   * this order: `lets`, `drops`, `refuses`. @default none
   */
  readonly lets?: readonly (string | PolicyContractCall)[];
  /** Calls it drops at the flush. @default none */
  readonly drops?: readonly (string | PolicyContractCall)[];
  /**
   * Calls it refuses where they are made, by throwing in `onEnqueue`. Others it must not refuse,
   * nor with another class of error. @default none
   */
  readonly refuses?: readonly (string | PolicyContractCall)[];
  /**
   * Memory of the policy, which it goes by besides the intent: nothing; what it was asked before in
   * the same flush, such as a count; or in the same application, such as a rate. What cannot hold
   * for such a policy is skipped by name. @default 'nothing'
   */
  readonly remembers?: 'nothing' | 'flush' | 'application';
  /**
   * True if `allows` may throw, which drops that intent alone and reports it as failed; else that
   * is a fault. @default false
   */
  readonly throws?: boolean;
}
