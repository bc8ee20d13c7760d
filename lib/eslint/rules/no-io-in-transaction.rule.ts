import { Declarations } from '../declarations.js';
import { deferral } from '../deferral.js';
import { bare, type Call, calledName, type FunctionNode, is, isFunction, type Node, type NodeOf } from '../estree.js';
import { methodTable } from '../methods.js';
import { NetworkCalls, type NetworkOptions } from '../network-calls.js';
import { type AirlockRule, callsIn, excerpt, names, nodesIn, optionsOf, type RuleContext } from '../rule.js';

interface Options extends NetworkOptions {
  readonly transactions: readonly string[];
  readonly transactionDecorators: readonly string[];
  readonly effectDecorators: readonly string[];
}

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
];

/** An open transaction that waits for the network holds its connection and its locks, and cannot take back what it said. @internal */
export const noIoInTransaction: AirlockRule = {
  meta: {
    type: 'problem',
    docs: { description: 'Keep network calls out of transactions', recommended: true },
    hasSuggestions: true,
    messages: {
      direct:
        '`{{call}}` goes over the network while a transaction is open: locks are held until it answers, and a rollback cannot take it back. Call it before or after the transaction, or make it an effect.',
      indirect:
        '`{{call}}` goes over the network (`{{request}}` in line {{line}}) while a transaction is open: locks are held until it answers, and a rollback cannot take it back. Call it before or after the transaction, or make it an effect.',
      defer: 'Let it wait for the commit: `{{code}}`',
    },
    schema: [
      {
        type: 'object',
        properties: {
          modules: names,
          functions: names,
          types: methodTable,
          names: methodTable,
          transactions: names,
          transactionDecorators: names,
          effectDecorators: names,
        },
        additionalProperties: false,
      },
    ],
  },
  create(context: RuleContext) {
    const { sourceCode } = context;
    const options = optionsOf<Options>(context);
    const transactions = [...TRANSACTIONS, ...(options.transactions ?? [])];
    const transactional = ['Transactional', ...(options.transactionDecorators ?? [])];
    const effectDecorators = ['SideEffect', ...(options.effectDecorators ?? [])];
    const declarations = new Declarations(sourceCode);
    const network = new NetworkCalls(declarations, options);
    const reported = new Set<Node>();

    function check(work: FunctionNode): void {
      for (const call of callsInside(work.body)) {
        if (reported.has(call)) continue;
        const request = requestOf(call, new Set());
        if (request === undefined) continue;
        reported.add(call);
        const data = {
          call: excerpt(sourceCode.getText(call)),
          request: excerpt(sourceCode.getText(request.callee)),
          line: String(request.loc.start.line),
        };
        const suggest = needs(call, work) ? [] : deferral(call, 'defer', declarations);
        context.report({ node: call, messageId: request === call ? 'direct' : 'indirect', data, suggest });
      }
    }

    /** Whether a call is handed the transaction, which is over when an effect runs. */
    function needs(call: Call, work: FunctionNode): boolean {
      return call.arguments
        .flatMap((argument) => [...nodesIn(argument, sourceCode)])
        .some((node) => is(node, 'Identifier') && declarations.bindings.isParameterOf(work, node));
    }

    /** The calls made while `work` runs: not those in functions that run after it or outside it. */
    function callsInside(work: Node): Iterable<Call> {
      return callsIn(work, sourceCode, (node) => {
        const { parent } = node;
        return !(isFunction(node) && is(parent, 'CallExpression') && isCall(parent, OUTSIDE) && parent.callee !== node);
      });
    }

    /** The network call that a call is or, through functions of this file, comes to. */
    function requestOf(call: Call, seen: Set<Node>): Call | undefined {
      if (network.includes(call)) return call;
      const callee = bare(call.callee);
      const fn = isFunction(callee) ? undefined : declarations.functionOf(callee);
      if (fn === undefined || seen.has(fn) || isEffect(fn)) return undefined;
      seen.add(fn);
      for (const inner of callsInside(fn.body)) {
        const request = requestOf(inner, seen);
        if (request !== undefined) return request;
      }
      return undefined;
    }

    function isEffect({ parent }: FunctionNode): boolean {
      return is(parent, 'MethodDefinition') && declarations.isDecorated(parent.decorators, effectDecorators);
    }

    return {
      CallExpression(call: Call) {
        if (!isCall(call, transactions)) return;
        for (const argument of call.arguments) {
          const work = declarations.functionOf(argument);
          if (work !== undefined) check(work);
        }
      },
      MethodDefinition({ decorators, value }: NodeOf<'MethodDefinition'>) {
        if (declarations.isDecorated(decorators, transactional)) check(value);
      },
    };
  },
};

function isCall(call: Call, called: readonly string[]): boolean {
  return called.includes(calledName(call) ?? '');
}
