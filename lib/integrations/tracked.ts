export { TRACKS_EVERY, TRACKS_TRANSACTIONS } from '../core/frame/tracked.js';
