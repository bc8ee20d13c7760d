import type { CanActivate, ControllerOptions, Type } from '@nestjs/common';

/** The call of an effect whose arguments `redact` is given. @publicApi */
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
   * Guards of the page, all of which must let in. A class is resolved like a policy: the provider
   * of it as seen from the module that imports the inspector, else any provider, else Nest builds
   * it there. With `NODE_ENV=production` at least one is needed. @default none
   */
  readonly guards?: readonly (CanActivate | Type<CanActivate>)[];
  /**
   * Number of units of work that are kept in which something was dropped or failed, and of the
   * others, so that traffic does not wash out what one looks for. From 1 to 10,000. @default 200
   */
  readonly capacity?: number;
  /**
   * Makes of the arguments of a call what the page shows of them; `undefined` shows nothing. Asked
   * after the call, once per effect.
   *
   * @default arguments are hidden
   */
  redact?(call: InspectedCall): unknown;
  /**
   * Makes of an error what the page shows of it beside its class and code: its message may hold what
   * the effect was called with. Given what an effect has failed with, and of rows that are stuck in
   * the outbox the message that is stored there; `undefined` shows nothing.
   *
   * @default messages are hidden
   */
  redactError?(error: unknown): unknown;
  /**
   * True: rows that are stuck in the outbox can be seen, but neither retried nor discarded. False:
   * they can. @default false
   */
  readonly readOnly?: boolean;
  /**
   * True: each effect shows the place in the code that called it, which costs a stack trace per
   * call. @default false
   */
  readonly callSites?: boolean;
  /**
   * The version of the application under which it answers. @default VERSION_NEUTRAL, any and none
   */
  readonly version?: ControllerOptions['version'];
}
