import { inspect } from 'node:util';
import type { EnqueueOptions } from '../../../core/model/enqueue-options.js';
import { printCall } from '../../kit/texts/print.js';
import type { PolicyContractCall } from './policy-contract.js';

/** Call as the cases make it. @internal */
export class Call {
  readonly options: EnqueueOptions;
  readonly args: readonly unknown[];
  /** Text of messages. */
  readonly text: string;
  private readonly before: string;

  constructor(stated: string | PolicyContractCall) {
    const { args = [], ...options } = typeof stated === 'string' ? { name: stated } : stated;
    // The same origin in every scope. By default it would be the name of the scope, which a policy
    // may go by.
    this.options = { origin: 'PolicyContract', ...options };
    this.args = args;
    this.text = args.length === 0 ? options.name : printCall(options.name, args);
    this.before = inspect(args, { depth: 10 });
  }

  /** True if somebody has written to an argument. */
  isTouched(args: readonly unknown[]): boolean {
    return inspect(args, { depth: 10 }) !== this.before;
  }
}

/** Calls of every kind that a policy may be asked about, whatever its author has in mind. @internal */
export function callsOfAllKinds(): readonly Call[] {
  const circular: { self?: unknown } = {};
  circular.self = circular;
  const named = (kind: string, ...args: readonly unknown[]): PolicyContractCall => ({
    name: `PolicyContract.${kind}`,
    args,
  });
  return [
    named('withoutArguments'),
    { name: '(anonymous)', args: [7, 'text'] },
    { ...named('onFailure', 7), on: 'failure' as const },
    { ...named('dispatchOptions', 7), dispatchOptions: { delay: 7 } },
    named('nothing', undefined, null, Number.NaN, ''),
    named('notJson', 7n, Symbol('seven'), () => {}, new Map([[1, 2]])),
    named('withoutPrototype', Object.create(null)),
    named('circular', circular),
    named('nested', { id: 7, lines: [{ sku: 'A', count: 1 }] }),
    named('instance', new Date(7)),
  ].map((call) => new Call(call));
}
