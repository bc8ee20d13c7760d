import type { Policy } from '../core/model/policy.js';

/**
 * Allows everything: the default. It has no methods, so it costs nothing.
 *
 * @example
 * ```ts
 * AirlockModule.forRoot({ policy: process.env.DRY_RUN ? DropAll : AllowAll });
 * ```
 *
 * @publicApi
 */
export class AllowAll implements Policy {}
