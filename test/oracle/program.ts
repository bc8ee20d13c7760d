import type { EffectTrigger } from 'nestjs-airlock';

/**
 * How a transaction or savepoint ends whose work does not fail: a last statement may break it,
 * whose error is swallowed where it `is aborted`, or a deferred constraint its COMMIT. Where it
 * `deadlocks` the error of that is swallowed, in the transaction or around a savepoint in it.
 */
export type FrameEnd =
  | 'commits'
  | 'breaks'
  | 'is aborted'
  | 'cannot commit'
  | 'deadlocks'
  | 'deadlocks in a savepoint';

export type PolicyName = 'none' | 'drops marked' | 'drops marked, in its own time' | 'drops all';

/** Calls an effect. */
export interface Call {
  readonly on: EffectTrigger;
  readonly survives: boolean;
  readonly isMarked: boolean;
}

/**
 * Writes a row and calls an effect that names it: here, or with the handle of a transaction or
 * savepoint around this one, in its context, or both.
 */
export interface Step extends Call {
  readonly kind: 'step';
  /** How many of those around lie between, at most: fewer where there are not so many. */
  readonly outwards: number;
  /** Another connection is reached by `both` alone: a row and its effect are on one. */
  readonly by: 'handle' | 'context' | 'both';
}

export interface Failure {
  readonly kind: 'failure';
}

/** Goes on whatever becomes of its body. */
export interface Swallow {
  readonly kind: 'swallow';
  readonly body: readonly Node[];
}

/** A scope, or a stretch of one under one more policy. */
export interface Policed {
  readonly kind: 'scope' | 'narrowing';
  readonly policy: PolicyName;
  readonly body: readonly Node[];
}

/** A transaction, independent of those around it, or a savepoint in the innermost. */
export interface Frame {
  readonly kind: 'transaction' | 'savepoint';
  readonly end: FrameEnd;
  readonly body: readonly Node[];
  /** Parallel branches of its callback that nobody awaits there: they go on once it has ended. */
  readonly leftovers: readonly Leftover[];
}

/**
 * What a frame has left running, and what that does once the frame has ended: it calls an effect,
 * writes no row, and may do so in a nested scope, in which it has called another one before; or it
 * begins a transaction, and takes a step in it.
 */
export interface Leftover {
  readonly does: 'calls' | 'opens a scope' | 'calls in a scope' | 'begins a transaction';
  readonly call: Call;
}

/** Fails after all branches have ended, if any of them failed. */
export interface Parallel {
  readonly kind: 'parallel';
  readonly branches: readonly Node[];
}

/**
 * What is done in a frame while a savepoint in it is open, in a branch beside it. The body of the
 * savepoint begins after that.
 */
export interface Beside {
  readonly kind: 'beside';
  readonly savepoint: Frame;
  readonly body: readonly Node[];
}

/** One statement of a program. */
export type Node = Step | Failure | Swallow | Policed | Frame | Parallel | Beside;

/**
 * The transaction or savepoint whose handle or context a step uses, if any.
 *
 * @param frames those around it, the outermost first
 */
export function reached<F extends { readonly connection?: unknown; readonly scope?: unknown }>(
  { outwards, by }: Step,
  frames: readonly F[],
): F | undefined {
  if (outwards === 0) return undefined;
  const here = frames.at(-1)?.connection;
  // Effects are called in scopes.
  const near = frames.filter(
    ({ connection, scope }) => scope !== undefined && (by === 'both' || connection === here),
  );
  return near.at(-1 - outwards) ?? near[0];
}

/** What an effect and its row are called, after their place in the program. */
export function nameOf(call: Call, path: string): string {
  return call.isMarked ? `${path}!` : path;
}

/** The place of a savepoint that something is done beside. */
export function savepointAt(path: string): string {
  return `${path}.savepoint`;
}

/** The place of what a frame has left running. */
export function leftoverAt(path: string, index: number): string {
  return `${path}.left${index}`;
}

/** The place of the call that it has made before. */
export function firstOf(path: string): string {
  return `${path}.first`;
}
