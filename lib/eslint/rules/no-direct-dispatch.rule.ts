import { Declarations } from '../declarations.js';
import { deferral } from '../deferral.js';
import { isInEffect } from '../effect-body.js';
import { Effects } from '../effects.js';
import { ancestorsOf, bare, type Call, is, nameOf, type NodeOf } from '../estree.js';
import { classOfThis } from '../members.js';
import { type MethodTable, methodTable, Methods } from '../methods.js';
import { type AirlockRule, excerpt, names, optionsOf, type RuleContext, pageOf } from '../rule.js';
import { type TransactionOptions, transactionOptions, Transactions } from '../transactions.js';

interface Options extends TransactionOptions {
  readonly types: MethodTable;
  readonly names: MethodTable;
  readonly effectDecorators: readonly string[];
}

const CLIENT_METHODS: readonly string[] = ['emit', 'emitBatch'];

/** Methods that write to another machine, whatever transaction is open here. */
const REMOTE_TYPES: MethodTable = {
  Queue: ['add', 'addBulk'],
  FlowProducer: ['add', 'addBulk'],
  ClientProxy: CLIENT_METHODS,
  ClientKafka: CLIENT_METHODS,
  ClientMqtt: CLIENT_METHODS,
  ClientNats: CLIENT_METHODS,
  ClientRedis: CLIENT_METHODS,
  ClientRMQ: CLIENT_METHODS,
  ClientTCP: CLIENT_METHODS,
  MailerService: ['sendMail'],
  Transporter: ['sendMail'],
  // nodemailer's class behind `Transporter`.
  Mail: ['sendMail'],
};

/**
 * @default which methods of which types dispatch; a type stands for its subclasses too where they
 *   can be seen
 */
const TYPES: MethodTable = {
  ...REMOTE_TYPES,
  PgBoss: ['send', 'sendAfter', 'sendThrottled', 'sendDebounced', 'insert', 'publish'],
  EventEmitter2: ['emit', 'emitAsync'],
  EventBus: ['publish', 'publishAll'],
};

const REMOTE_NAMES: MethodTable = {
  queue$: ['add', 'addBulk'],
  'client_?proxy$': ['emit'],
  '(mailer|mailerService|transporter)$': ['sendMail'],
};

/**
 * @default the same by the name of a variable or property (a pattern, in any case), where nothing
 *   is known of its type
 */
const NAMES: MethodTable = {
  ...REMOTE_NAMES,
  boss$: ['send', 'sendAfter', 'insert', 'publish'],
  'emitter2?$': ['emit', 'emitAsync'],
  eventBus$: ['publish', 'publishAll'],
};

/**
 * Effects that get out where they are called, although the work around them may still fail.
 * @internal
 */
export const noDirectDispatch: AirlockRule = {
  meta: {
    type: 'problem',
    docs: {
      description: 'Let queues, emitters, clients and event buses be called through effects only',
      recommended: true,
      url: pageOf('no-direct-dispatch'),
    },
    hasSuggestions: true,
    messages: {
      direct:
        '`{{call}}` gets out at once, although the work around it may still fail. Make it an effect: call it through `effects.defer(…)`, hand a function to `effects.enqueue(…)`, or put it into a `@SideEffect()` method.',
      defer: 'Let it wait for the outcome: `{{code}}`',
    },
    schema: [
      {
        type: 'object',
        properties: {
          types: methodTable,
          names: methodTable,
          effectDecorators: names,
          ...transactionOptions,
        },
        additionalProperties: false,
      },
    ],
  },
  create(context: RuleContext) {
    const options = optionsOf<Options>(context);
    const decorators = ['SideEffect', ...(options.effectDecorators ?? [])];
    const declarations = new Declarations(context.sourceCode);
    const dispatching = new Methods(
      { ...TYPES, ...options.types },
      { ...NAMES, ...options.names },
      declarations,
    );
    const effects = new Effects(declarations);
    const remote = new Methods(REMOTE_TYPES, REMOTE_NAMES, declarations);
    const transactions = new Transactions(declarations, options);

    /**
     * True if a call may take part in the transaction around it: pg-boss can write in it, and so
     * can listeners.
     */
    function takesPart(call: Call, callee: NodeOf<'MemberExpression'>): boolean {
      return (
        transactions.isHandedTo(call) ||
        (!remote.includes(callee) && transactions.around(call).length > 0)
      );
    }

    /**
     * True for a call inside a sender of the application, such as `sendMail` of a `MailerService`:
     * the rule reports the calls of that sender instead.
     */
    function isInSender(call: Call): boolean {
      const method = [...ancestorsOf(call)].find((ancestor) => is(ancestor, 'MethodDefinition'));
      const [type, name] = [nameOf(method && classOfThis(method)?.id), nameOf(method?.key)];
      return type !== undefined && name !== undefined && dispatching.declares(type, name);
    }

    return {
      CallExpression(call: Call) {
        const callee = bare(call.callee);
        if (!is(callee, 'MemberExpression') || !dispatching.includes(callee)) return;
        if (effects.isEffect(call) || isInEffect(call, decorators, declarations)) return;
        if (isInSender(call)) return;
        const name = `${context.sourceCode.getText(callee.object)}.${nameOf(callee)}(…)`;
        context.report({
          node: call,
          messageId: 'direct',
          data: { call: excerpt(name) },
          suggest: takesPart(call, callee) ? [] : deferral(call, 'defer', declarations),
        });
      },
    };
  },
};
