import { Declarations } from '../declarations.js';
import { deferral } from '../deferral.js';
import { bare, type Call, type FunctionNode, is, isFunction, type Node } from '../estree.js';
import { methodTable } from '../methods.js';
import { NetworkCalls, type NetworkOptions } from '../network-calls.js';
import {
  type AirlockRule,
  callsIn,
  excerpt,
  names,
  nodesIn,
  optionsOf,
  type RuleContext,
  pageOf,
} from '../rule.js';
import { type TransactionOptions, transactionOptions, Transactions } from '../transactions.js';

interface Options extends NetworkOptions, TransactionOptions {
  readonly effectDecorators: readonly string[];
}

/**
 * An open transaction that waits for the network holds its connection and its locks, and cannot
 * take back what it said.
 * @internal
 */
export const noIoInTransaction: AirlockRule = {
  meta: {
    type: 'problem',
    docs: {
      description: 'Keep network calls out of transactions',
      recommended: true,
      url: pageOf('no-io-in-transaction'),
    },
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
          ...transactionOptions,
          effectDecorators: names,
        },
        additionalProperties: false,
      },
    ],
  },
  create(context: RuleContext) {
    const { sourceCode } = context;
    const options = optionsOf<Options>(context);
    const effectDecorators = ['SideEffect', ...(options.effectDecorators ?? [])];
    const declarations = new Declarations(sourceCode);
    const network = new NetworkCalls(declarations, options);
    const transactions = new Transactions(declarations, options);
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
        const suggest = mayLeave(call) ? deferral(call, 'defer', declarations) : [];
        context.report({
          node: call,
          messageId: request === call ? 'direct' : 'indirect',
          data,
          suggest,
        });
      }
    }

    /** The calls made while `work` runs: not those in functions that run after it or outside it. */
    function callsInside(work: Node): Iterable<Call> {
      return callsIn(work, sourceCode, (node) => !transactions.isOutside(node));
    }

    /**
     * True if a call makes requests and nothing else. Other work, such as a write, may belong to
     * the transaction.
     */
    function mayLeave(call: Call): boolean {
      return isRequest(call, new Set()) && !transactions.isHandedTo(call);
    }

    function isRequest(call: Call, seen: Set<Node>): boolean {
      if (network.includes(call)) return true;
      const fn = declarations.functionOf(call.callee);
      if (fn === undefined) return isOfLanguage(call);
      if (seen.has(fn)) return true;
      seen.add(fn);
      return [...nodesIn(fn.body, sourceCode)].every((node) =>
        is(node, 'CallExpression') ? isRequest(node, seen) : !mayChange(node),
      );
    }

    /** `String(…)`, `JSON.stringify(…)` */
    function isOfLanguage({ callee }: Call): boolean {
      const named = is(callee, 'MemberExpression') ? callee.object : callee;
      return is(named, 'Identifier') && declarations.bindings.declarationOf(named) === undefined;
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
      return (
        is(parent, 'MethodDefinition') &&
        declarations.isDecorated(parent.decorators, effectDecorators)
      );
    }

    return {
      'Program:exit'() {
        for (const work of transactions.works) check(work);
      },
    };
  },
};

/** True for code whose outcome the transaction may read, or write down, afterwards. */
function mayChange(node: Node): boolean {
  if (is(node, 'UnaryExpression')) return node.operator === 'delete';
  return ['TaggedTemplateExpression', 'AssignmentExpression', 'UpdateExpression'].includes(
    node.type,
  );
}
