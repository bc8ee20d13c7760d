import type { Intent } from '../../../core/model/intent.js';

/** Tells which effects a test fakes. @internal */
export type IsFaked = (intent: Intent) => boolean;
