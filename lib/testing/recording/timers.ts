import timers from 'node:timers';

/** The real ones, whatever fake timers a test puts in their place later. @internal */
export const { setTimeout, clearTimeout } = timers;
