import type { Declarations } from './declarations.js';
import {
  ancestorsOf,
  type Call,
  calledName,
  type FunctionNode,
  is,
  isFunction,
  type Node,
} from './estree.js';
import { names, nodesIn } from './rule.js';

/** Options that say what else counts as a transaction. @internal */
export interface TransactionOptions {
  readonly transactions: readonly string[];
  readonly transactionDecorators: readonly string[];
}

/** The JSON schema of `TransactionOptions`. @internal */
export const transactionOptions = { transactions: names, transactionDecorators: names };

/** @default functions and methods that run a callback in a transaction */
const TRANSACTIONS: readonly string[] = [
  'transaction',
  '$transaction',
  'runInTransaction',
  'withTransaction',
  'wrapInTransaction',
  'transactional',
];

/** Functions and methods whose callbacks run after the transaction or outside it. */
const OUTSIDE: readonly string[] = [
  'enqueue',
  'enqueueWith',
  'runOnTransactionCommit',
  'runOnTransactionComplete',
  'runOnTransactionRollback',
  'withoutTransaction',
  'setImmediate',
  'setInterval',
  'setTimeout',
];

/** Finds the code of a file that runs in a transaction. @internal */
export class Transactions {
  private readonly callers: readonly string[];
  private readonly decorators: readonly string[];
  private found: ReadonlySet<FunctionNode> | undefined;

  constructor(
    private readonly declarations: Declarations,
    { transactions = [], transactionDecorators = [] }: Partial<TransactionOptions>,
  ) {
    this.callers = [...TRANSACTIONS, ...transactions];
    this.decorators = ['Transactional', ...transactionDecorators];
  }

  /** The functions that run in a transaction of their own or in the one around their call. */
  get works(): ReadonlySet<FunctionNode> {
    this.found ??= new Set(
      [...nodesIn(this.declarations.code.ast, this.declarations.code)].flatMap((node) =>
        this.worksOf(node),
      ),
    );
    return this.found;
  }

  /** True for a function that runs after the transaction that is open around it, or outside it. */
  isOutside(node: Node): boolean {
    const { parent } = node;
    return (
      isFunction(node) &&
      is(parent, 'CallExpression') &&
      isCall(parent, OUTSIDE) &&
      parent.callee !== node
    );
  }

  /** The functions around a node in whose transactions it runs. */
  around(node: Node): readonly FunctionNode[] {
    const around = [...ancestorsOf(node)].filter(isFunction);
    const outside = around.findIndex((fn) => this.isOutside(fn));
    return (outside < 0 ? around : around.slice(0, outside)).filter((fn) => this.works.has(fn));
  }

  /**
   * True if a call gets a transaction as an argument. That transaction is over when an effect runs.
   */
  isHandedTo(call: Call): boolean {
    const works = this.around(call);
    return call.arguments
      .flatMap((argument) => [...nodesIn(argument, this.declarations.code)])
      .some(
        (node) =>
          is(node, 'Identifier') &&
          works.some((work) => this.declarations.bindings.isParameterOf(work, node)),
      );
  }

  private worksOf(node: Node): readonly FunctionNode[] {
    if (is(node, 'MethodDefinition')) {
      const { decorators, value } = node;
      return isFunction(value) && this.declarations.isDecorated(decorators, this.decorators)
        ? [value]
        : [];
    }
    if (!is(node, 'CallExpression') || !isCall(node, this.callers)) return [];
    return node.arguments
      .map((argument) => this.declarations.functionOf(argument))
      .filter((fn) => fn !== undefined);
  }
}

function isCall(call: Call, called: readonly string[]): boolean {
  return called.includes(calledName(call) ?? '');
}
