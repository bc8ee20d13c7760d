import type { LogLevel } from '@nestjs/common';
import { checkOptions, expectThat, isRecord, type OptionCheck } from './option-checks.js';

/**
 * Levels at which things go to Nest's logger; `false`: not at all. Arguments of effects never do.
 * @publicApi
 */
export interface AirlockLogOptions {
  /**
   * Effects that were dropped: one line for each unit of work, as `OrdersController.place → failed
   * (BadRequestException): 2 effects dropped (outcome): MailService.sendReceipt,
   * WarehouseClient.reserve`.
   *
   * @default 'debug'
   */
  readonly drops?: LogLevel | false;
  /**
   * Effects that failed, where `onDispatchError` is `report`: the errors with their stacks.
   * @default 'error'
   */
  readonly failures?: LogLevel | false;
  /** Effects that were dispatched, in the line of their unit of work. @default false */
  readonly dispatches?: LogLevel | false;
  /**
   * The end of every unit of work that was opened, also if it let nothing out. @default false
   */
  readonly scopes?: LogLevel | false;
}

/** Levels from the least severe to the most. @internal */
export const LEVELS: readonly LogLevel[] = ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'];

const level = expectThat(
  `false or a level: ${LEVELS.map((name) => `'${name}'`).join(', ')}`,
  (value) => value === false || LEVELS.includes(value as LogLevel),
);

/** @internal */
export const logOptions: OptionCheck = (key, value) => {
  expectThat('an object of levels', isRecord)(key, value);
  const known: Record<keyof AirlockLogOptions, OptionCheck> = {
    drops: level,
    failures: level,
    dispatches: level,
    scopes: level,
  };
  checkOptions(value, known, `${key}.`);
};
