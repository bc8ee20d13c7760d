import { type Context, contexts, ScopeContext } from './context.js';
import type { PolicyChain } from './policy-chain.js';
import type { UnitHost, UnitOfWork } from './unit-of-work.js';

/** The same place as another context, under policies that were put around it. @internal */
export class PolicyContext extends ScopeContext {
  private readonly at: Context;

  /** @param at the innermost context of `host` */
  constructor(host: UnitHost, at: Context, chain: PolicyChain, forRoots: PolicyChain | undefined) {
    const store = contexts.getStore();
    // All that the policies before it do is in the chain. Kept, each would hold the one before, as
    // where a timer starts itself anew.
    const outer = store === at && store instanceof PolicyContext ? store.outer : store;
    super(host, undefined, chain, outer, at.evaluation, forRoots);
    this.at = at instanceof PolicyContext ? at.at : at;
  }

  override get opened(): UnitOfWork | undefined {
    return this.at.opened;
  }

  override get mayReceive(): boolean {
    return this.at.mayReceive;
  }

  override get isLive(): boolean {
    return this.at.isLive;
  }

  override receiver(): UnitOfWork | undefined {
    return this.at.receiver();
  }
}
