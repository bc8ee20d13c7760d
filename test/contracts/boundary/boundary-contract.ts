import type {
  DynamicModule,
  INestApplicationContext,
  LoggerService,
  Provider,
  Type,
} from '@nestjs/common';
import type { BoundaryName } from '../../../lib/nest/options/boundary-options.js';

/** Class to declare, with an entry point under one of Airlock's decorators. */
export interface ContractHandler {
  /**
   * Letters and digits that no other class has, of whatever application: a path, a queue, a
   * pattern, … can be made of it.
   */
  readonly name: string;
  /** Decorator of the class. */
  readonly onClass: ClassDecorator;
  /** Decorator of the entry point. */
  readonly onMethod: MethodDecorator;
}

/** Task for a handler. */
export type ContractAction =
  | 'return'
  | 'resolve'
  | 'throw'
  | 'reject'
  | 'stream'
  | 'break off'
  | 'stream on'
  | 'look'
  | 'name effects'
  | 'wait'
  | 'take turns'
  | 'take turns and reject'
  | 'forget an await'
  | 'nest'
  | 'nest and reject'
  | 'leave a scope behind'
  | 'leave a scope behind and reject'
  | 'call a broken effect'
  | 'cascade';

/** Argument of an entry point: plain JSON, for `ContractWork.do`. */
export interface ContractPayload {
  /** The name of the class whose entry point is to be called. */
  readonly handler: string;
  readonly action: ContractAction;
  readonly id: string;
}

/** Parts of one application of the suite. */
export interface ContractApplication {
  /** `AirlockModule`, set up for the case. */
  readonly imports: readonly DynamicModule[];
  /** `ContractWork`, for the declared classes to inject. */
  readonly providers: readonly Provider[];
  /** The declared classes: its controllers, or further providers. */
  readonly handlers: readonly Type[];
  /** Logger of the application. */
  readonly logger: LoggerService;
}

/** A started application, and how its entry points are called from outside. */
export interface RunningContract {
  readonly app: INestApplicationContext;
  /**
   * Calls the entry point of the class that was declared as `payload.handler`, and ends as its
   * caller sees it: with anything that can be compared, or with an error. Where nobody is answered,
   * once the call is on its way.
   */
  trigger(payload: ContractPayload): Promise<unknown>;
  /**
   * Calls it too and, once `underway` has resolved, leaves as its caller can, while it streams.
   * Needed where `leaves` is set.
   */
  leave?(payload: ContractPayload, underway: Promise<void>): Promise<void>;
  /** Closes things that the application does not close, before it is closed. */
  close?(): Promise<void>;
}

/** Options of `describeBoundaryContract` for one kind of entry point. */
export interface BoundaryContractOptions {
  readonly boundary: BoundaryName;
  /** The name of the entry point in the declared classes, such as `process`. */
  readonly method: string;
  /**
   * Declares a class with one entry point, with the peer's own decorators; asked anew for each
   * application. The class injects `ContractWork` and returns what `work.do(payload)` returns, as
   * it is: neither awaited nor caught.
   */
  declare(handler: ContractHandler): Type;
  start(application: ContractApplication): Promise<RunningContract>;
  /** True if an entry point may return an Observable. @default false */
  readonly observable?: boolean;
  /**
   * True if an entry point stops when its caller leaves in the middle of a stream. @default false
   */
  readonly leaves?: boolean;
  /**
   * True if a call made in a scope is nested in it. False if each call is a scope of its own,
   * wherever it is made. @default false
   */
  readonly nested?: boolean;
  /**
   * True if the peer makes instances of request-scoped classes, per call or per client. @default
   * false
   */
  readonly requestScoped?: boolean;
  /** False for a kind whose caller is told nothing. @default true */
  readonly answers?: boolean;
  /**
   * True where a caller has its answer before effects run, so that one that fails cannot take it
   * back. @default false
   */
  readonly answersFirst?: boolean;
  /**
   * Number of calls that can be made at the same time; 1 skips cases that need several. @default 50
   */
  readonly concurrency?: number;
}
