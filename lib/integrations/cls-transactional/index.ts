export type { ClsFrameOptions } from './host.frames.js';
export { trackClsTransactions } from './track-cls-transactions.js';
