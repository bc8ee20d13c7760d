export { KEEPS_EVERY, KEEPS_FRAMES } from '../core/keeps-frames.js';
