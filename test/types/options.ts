import {
  AirlockError,
  AirlockModule,
  type AirlockModuleOptions,
  type AirlockOptionsFactory,
} from 'nestjs-airlock';
import {
  type AirlockReport,
  AllowAll,
  type BoundaryName,
  BufferedCall,
  DispatchError,
  DropAll,
  type Executor,
  InProcessExecutor,
  type Intent,
} from 'nestjs-airlock';
import { lastValueFrom, type Observable } from 'rxjs';
import { type Equal, expectTrue } from './expect.js';

class MailExecutor implements Executor {
  readonly remote = true;
  constructor(readonly host: string) {}
  execute(intent: Intent): Promise<unknown> {
    return Promise.resolve(intent.args);
  }
}

export const everything: AirlockModuleOptions = {
  policy: [DropAll, new AllowAll()],
  executor: MailExecutor,
  executors: {
    instance: new MailExecutor('localhost'),
    fn: ({ name }) => name,
    type: InProcessExecutor,
  },
  boundaries: {
    http: { openAt: 'request', shouldFlush: (outcome) => outcome !== 'failed' },
    rpc: false,
    ws: true,
    graphql: { policy: DropAll },
    bullmq: {
      shouldFlush: (outcome, scope) => outcome === 'completed' && scope.intents.length > 0,
    },
    schedule: {},
    'event-emitter': { policy: [new AllowAll()] },
    cqrs: false,
    commander: true,
  },
  intercept: [
    { token: MailExecutor, methods: ['execute'] },
    { token: 'BullQueue_mail', methods: ['add', 'addBulk'] },
    { token: Symbol('CLIENT'), methods: ['emit'] },
  ],
  dispatch: 'afterResponse',
  onCancel: 'flush',
  onDispatchError: async (error) => Promise.resolve(void error.failures),
  outsideScope: 'dispatch',
  maxEffectsPerScope: 10,
  maxCascadeDepth: 2,
  shutdownTimeoutMs: 0,
};

export class Factory implements AirlockOptionsFactory {
  createAirlockOptions(): AirlockModuleOptions {
    return everything;
  }
}

export const modules = [
  AirlockModule.forRoot(),
  AirlockModule.forRoot(everything),
  AirlockModule.forRootAsync({ useFactory: () => everything }),
  AirlockModule.forRootAsync({ useFactory: async () => Promise.resolve(everything) }),
  AirlockModule.forRootAsync({ useClass: Factory }),
  AirlockModule.forRootAsync({ useExisting: Factory }),
  // @ts-expect-error no such option
  AirlockModule.forRoot({ polcy: DropAll }),
  // @ts-expect-error not such a value
  AirlockModule.forRoot({ dispatch: 'later' }),
  // @ts-expect-error no such boundary
  AirlockModule.forRoot({ boundaries: { htp: true } }),
  // @ts-expect-error not a policy
  AirlockModule.forRoot({ policy: 'DropAll' }),
  // @ts-expect-error not an executor
  AirlockModule.forRoot({ executors: { mail: {} } }),
  // @ts-expect-error no methods named
  AirlockModule.forRoot({ intercept: [{ token: 'queue' }] }),
  // @ts-expect-error methods are named by strings
  AirlockModule.forRoot({ intercept: [{ token: 'queue', methods: [MailExecutor] }] }),
  // @ts-expect-error a list of providers
  AirlockModule.forRoot({ intercept: { token: 'queue', methods: ['add'] } }),
  // @ts-expect-error a class that makes no options
  AirlockModule.forRootAsync({ useClass: DropAll }),
];

/**
 * A caught error is told apart by its class, and `DispatchError` is an `AggregateError` with typed
 * failures.
 */
export function caught(error: unknown): void {
  if (error instanceof AirlockError) {
    expectTrue<Equal<typeof error.code, string>>();
    // @ts-expect-error facts cannot be changed
    error.code = 'OTHER';
  }
  if (error instanceof DispatchError) {
    const aggregate: AggregateError = error;
    void aggregate.errors;
    void error.failures.map(({ intent }) => intent.name);
  }
}

/** An intent cannot be changed. */
export function immutable(intent: Intent): void {
  // @ts-expect-error read only
  intent.name = 'other';
  // @ts-expect-error a frozen list
  intent.args.push(1);
}

/** What an intercepted call returns stands for a Promise and for an Observable of nothing. */
export async function buffered(call: BufferedCall): Promise<void> {
  const promise: Promise<undefined> = call;
  const observable: Observable<undefined> = call;
  const values = [
    await promise,
    await lastValueFrom(observable),
    await call.catch(() => 'x').finally(() => {}),
  ];
  expectTrue<Equal<(typeof values)[number], string | undefined>>();
  // @ts-expect-error made by Airlock alone
  new BufferedCall(1);
}

/** What is in force can be asked for. */
export function explained({ boundaries, intercepted }: AirlockReport): readonly string[] {
  const names: readonly BoundaryName[] = boundaries.map(({ name }) => name);
  return [...names, ...intercepted, ...boundaries.flatMap(({ entryPoints }) => entryPoints)];
}
