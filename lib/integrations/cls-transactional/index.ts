export type { ClsFrameOptions } from './host.frames.js';
export { keepClsFrames } from './keep-cls-frames.js';
