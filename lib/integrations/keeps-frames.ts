export { KEEPS_FRAMES } from '../core/keeps-frames.js';
