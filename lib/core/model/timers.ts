import timers from 'node:timers';

/**
 * Node's own as they were when the package was loaded: fake timers that a test installs later
 * neither stop nor fire them.
 * @internal
 */
export const { setTimeout, clearTimeout, setImmediate } = timers;
