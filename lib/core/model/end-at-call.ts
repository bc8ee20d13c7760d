/**
 * End of an effect that a test runs at its call; nothing if it has ended, or was buffered.
 * @internal
 */
export type EndAtCall = void | PromiseLike<void>;
