export { carryCls } from './carry-cls.js';
