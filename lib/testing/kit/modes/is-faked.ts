import type { Intent } from '../../../core/model/intent.js';

/** Which effects a test fakes. @internal */
export type IsFaked = (intent: Intent) => boolean;
