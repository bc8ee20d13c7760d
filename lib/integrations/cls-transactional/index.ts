export type { ClsFrameOptions } from './cls-transactional.options.js';
export { trackClsTransactions } from './track-cls-transactions.js';
