import { type Context, contexts, ScopeContext } from './context.js';
import type { PolicyChain } from './policy-chain.js';
import type { UnitHost, UnitOfWork } from './unit-of-work.js';

/** Another context, under policies that were put around it. @internal */
export class PolicyContext extends ScopeContext {
  private readonly at: Context;

  /** @param at the innermost context of `host` */
  constructor(host: UnitHost, at: Context, chain: PolicyChain, forRoots: PolicyChain | undefined) {
    const store = contexts.getStore();
    // The chain has the policies of the contexts before it. If each context kept the one before, a
    // timer that starts itself anew would make an endless list.
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
