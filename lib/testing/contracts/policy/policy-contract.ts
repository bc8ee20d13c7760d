import type { Provider } from '@nestjs/common';
import type { EnqueueOptions } from '../../../core/model/enqueue-options.js';
import type { PolicyRef } from '../../../core/model/policy.js';

/** Call that a policy is asked about. The suite brings the effect. @publicApi */
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
   * Calls it lets out: their names, or objects where it goes by more than a name. Calls are made in
   * this order: `lets`, `drops`, `refuses`. @default none
   */
  readonly lets?: readonly (string | PolicyContractCall)[];
  /** Calls it drops at the flush. @default none */
  readonly drops?: readonly (string | PolicyContractCall)[];
  /**
   * Calls it refuses where they are made, by throwing in `onEnqueue`. An error of a class that it
   * throws for none of these is a fault. @default none
   */
  readonly refuses?: readonly (string | PolicyContractCall)[];
  /**
   * Memory that its answers depend on: `'flush'` where earlier calls of the same flush count,
   * `'application'` where earlier calls of the application do, as with a rate. Cases that cannot
   * hold for such a policy are skipped by name. @default 'nothing'
   */
  readonly remembers?: 'nothing' | 'flush' | 'application';
  /**
   * True if `allows` may throw, which drops that intent alone and reports it as failed; false if an
   * error of `allows` is a fault. @default false
   */
  readonly throws?: boolean;
}
