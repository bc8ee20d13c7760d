import type { CallHandler } from '@nestjs/common';
import { Observable } from 'rxjs';
import { contexts } from '../../core/scope/context.js';

/** Runs a handler that opens no scope outside of the scope of its request. @internal */
export function unscoped(next: CallHandler): Observable<unknown> {
  const here = contexts.getStore();
  const beside = here?.forEntryPoints;
  if (beside === undefined || beside === here) return next.handle();
  return new Observable((subscriber) =>
    contexts.run(beside, () => next.handle().subscribe(subscriber)),
  );
}
