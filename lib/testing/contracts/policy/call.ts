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
    // One origin wherever the call is made: else that is the name of its scope, which a policy may
    // go by.
    this.options = { origin: 'PolicyContract', ...options };
    this.args = args;
    this.text = args.length === 0 ? options.name : printCall(options.name, args);
    this.before = inspect(args, { depth: 10 });
  }

  /** True if these are its arguments no more, for somebody has written to one. */
  isTouched(args: readonly unknown[]): boolean {
    return inspect(args, { depth: 10 }) !== this.before;
  }
}

/** Calls of which no policy has heard. @internal */
export function neutralCalls(): readonly Call[] {
  return [
    new Call('PolicyContract.first'),
    new Call({ name: 'PolicyContract.second', args: [7, 'text'] }),
    new Call({ name: 'PolicyContract.third', args: [{ id: 7, lines: [{ sku: 'A', count: 1 }] }] }),
  ];
}
