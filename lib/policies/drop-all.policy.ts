import type { Policy } from '../core/model/policy.js';

/** Drops everything at the flush: dry runs, backfills, replays. @publicApi */
export class DropAll implements Policy {
  allows(): boolean {
    return false;
  }
}
