/** End of an effect that a test runs at its call; nothing where it has ended or waits. @internal */
export type EndAtCall = void | PromiseLike<void>;
