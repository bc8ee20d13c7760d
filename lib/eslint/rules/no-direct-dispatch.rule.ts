import { Declarations } from '../declarations.js';
import { deferral } from '../deferral.js';
import { isInEffect } from '../effect-body.js';
import { bare, type Call, is, nameOf } from '../estree.js';
import { type MethodTable, methodTable, Methods } from '../methods.js';
import { type AirlockRule, excerpt, names, optionsOf, type RuleContext } from '../rule.js';

interface Options {
  readonly types: MethodTable;
  readonly names: MethodTable;
  readonly effectDecorators: readonly string[];
}

const CLIENT_METHODS: readonly string[] = ['emit', 'emitBatch'];

/** @default which methods of which types dispatch; a type stands for its subclasses too where they can be seen */
const TYPES: MethodTable = {
  Queue: ['add', 'addBulk'],
  FlowProducer: ['add', 'addBulk'],
  PgBoss: ['send', 'sendAfter', 'sendThrottled', 'sendDebounced', 'insert', 'publish'],
  EventEmitter2: ['emit', 'emitAsync'],
  EventBus: ['publish', 'publishAll'],
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

/** @default the same by the name of a variable or property (a pattern, in any case), where nothing is known of its type */
const NAMES: MethodTable = {
  queue$: ['add', 'addBulk'],
  boss$: ['send', 'sendAfter', 'insert', 'publish'],
  'emitter2?$': ['emit', 'emitAsync'],
  eventBus$: ['publish', 'publishAll'],
  'client_?proxy$': ['emit'],
  '(mailer|mailerService|transporter)$': ['sendMail'],
};

/** Effects that get out where they are called, although the work around them may still fail. @internal */
export const noDirectDispatch: AirlockRule = {
  meta: {
    type: 'problem',
    docs: {
      description: 'Let queues, emitters, clients and event buses be called through effects only',
      recommended: true,
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
        properties: { types: methodTable, names: methodTable, effectDecorators: names },
        additionalProperties: false,
      },
    ],
  },
  create(context: RuleContext) {
    const options = optionsOf<Options>(context);
    const decorators = ['SideEffect', ...(options.effectDecorators ?? [])];
    const declarations = new Declarations(context.sourceCode);
    const dispatching = new Methods({ ...TYPES, ...options.types }, { ...NAMES, ...options.names }, declarations);
    return {
      CallExpression(call: Call) {
        const callee = bare(call.callee);
        if (!is(callee, 'MemberExpression') || !dispatching.includes(callee)) return;
        if (isInEffect(call, decorators, declarations)) return;
        const name = `${context.sourceCode.getText(callee.object)}.${nameOf(callee)}(…)`;
        context.report({
          node: call,
          messageId: 'direct',
          data: { call: excerpt(name) },
          suggest: deferral(call, 'defer', declarations),
        });
      },
    };
  },
};
