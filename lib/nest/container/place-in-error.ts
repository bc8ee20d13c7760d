import { AirlockError } from '../../errors/airlock.error.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

/** Runs `resolve`, and puts the place in front of its error. @internal */
export function withPlaceInError(where: string, resolve: () => void): void {
  try {
    resolve();
  } catch (error) {
    if (!(error instanceof AirlockError)) throw error;
    throw unresolved(where, error);
  }
}

/** An error with the place in front: an option, a class or a method. @internal */
export function unresolved(where: string, cause: Error): AirlockOptionsError {
  const { key = where } = cause as Partial<AirlockOptionsError>;
  return new AirlockOptionsError(key, `${where}: ${cause.message}`, { cause });
}
