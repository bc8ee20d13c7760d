import type { Intent } from '../../core/intent.js';

/** Which effects a test fakes. @internal */
export type IsFaked = (intent: Intent) => boolean;
