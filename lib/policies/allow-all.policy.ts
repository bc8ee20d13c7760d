import type { Policy } from '../core/model/policy.js';

/** Allows everything: the default. It has no say, so it costs nothing. @publicApi */
export class AllowAll implements Policy {}
