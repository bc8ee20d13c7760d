import type { CanActivate, ControllerOptions, Type } from '@nestjs/common';

/** Call of an effect, as `redact` gets it. @publicApi */
export interface InspectedCall {
  /** Name of the effect, as `MailService.sendReceipt`. */
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Options of `AirlockInspectorModule.forRoot`. @publicApi */
export interface AirlockInspectorOptions {
  /** Path of the page, below a global prefix of the application. @default 'airlock' */
  readonly path?: string;
  /**
   * Guards of the page; all of them have to allow a request. A class is resolved like a policy: the
   * provider of it as seen from the module that imports the inspector, else any provider, else Nest
   * builds it there. With `NODE_ENV=production` at least one is needed. @default none
   */
  readonly guards?: readonly (CanActivate | Type<CanActivate>)[];
  /**
   * Number of units of work that are kept with a drop or a failure, and as many others, so that
   * traffic does not push out interesting ones. From 1 to 10,000. @default 200
   */
  readonly capacity?: number;
  /**
   * Returns what the page shows of the arguments of a call; `undefined` shows nothing. Called after
   * the call, once per effect.
   *
   * @default arguments are hidden
   */
  redact?(call: InspectedCall): unknown;
  /**
   * Returns what the page shows of an error beside its class and code; `undefined` shows nothing.
   * Messages of errors may hold arguments of effects. Gets the error of an effect that failed; for
   * a row that is stuck in the outbox, the message that is stored there.
   *
   * @default messages are hidden
   */
  redactError?(error: unknown): unknown;
  /**
   * True if rows that are stuck in the outbox can only be seen. False if they can also be tried
   * again and discarded. @default false
   */
  readonly readOnly?: boolean;
  /**
   * True to show the place in the code that called each effect, which costs a stack trace per call.
   * False to show none. @default false
   */
  readonly callSites?: boolean;
  /** API version under which it answers. @default VERSION_NEUTRAL, with any version or none */
  readonly version?: ControllerOptions['version'];
}
