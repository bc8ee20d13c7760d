import { methodsWith, type WrappedEntryPoint } from '../boundaries/entry-point.js';

/** A tick of `@Cron`, `@Interval` or `@Timeout`. @internal */
export const schedule: WrappedEntryPoint = {
  name: 'schedule',
  find: (candidate) => methodsWith('SCHEDULER_TYPE', candidate),
  ignores: () => true,
};
