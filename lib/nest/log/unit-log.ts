import { Logger, type LoggerService, type LogLevel } from '@nestjs/common';
import type { Intent } from '../../core/model/intent.js';
import type { DroppedIntent, FlushReport } from '../../core/model/report.js';
import { policyName } from '../../core/model/policy.js';
import type { OnSettled, UnitOfWork } from '../../core/scope/unit-of-work.js';
import { kindOf, listed } from '../../errors/thrown.js';
import { type AirlockLogOptions, LEVELS } from '../options/log-options.js';

/** The part of a unit of work that a line shows. */
export interface Told {
  readonly label: string;
  readonly outcome: string | undefined;
  /** The class of the error that its work failed with, or its status. */
  readonly failedBy: string | undefined;
}

/**
 * Logs one line for each unit of work that dropped effects, and for others if the options say so.
 *
 * @returns undefined if nothing is to be logged
 * @internal
 */
export function logsUnits(
  options: AirlockLogOptions,
  logger: LoggerService,
): OnSettled | undefined {
  const { drops = 'debug', dispatches = false, scopes = false } = options;
  if (drops === false && dispatches === false && scopes === false) return undefined;
  return (unit, report) => {
    const level = mostSevere([
      report.dropped.length > 0 && drops,
      report.dispatched.length > 0 && dispatches,
      unit.isEnded && scopes,
    ]);
    if (level === undefined || !isShown(level)) return;
    logger[level]?.(lineOf(unit, report, dispatches !== false));
  };
}

/**
 * Names a unit of work that has not ended, and the effects that did not get out of it.
 * @internal
 */
export function leftOver(unit: UnitOfWork): string {
  const intents = [...unit.pending(), ...unit.snapshot()];
  return `"${unit.label}" (${unit.state}${intents.length > 0 ? `, not out: ${listed(intents, ({ name }) => name)}` : ''})`;
}

/**
 * False if a level is switched off. Nest 11 says that of every level, even `fatal`, while none was
 * set.
 */
function isShown(level: LogLevel): boolean {
  return Logger.isLevelEnabled(level) || !Logger.isLevelEnabled('fatal');
}

/** The line of a unit of work: names only, for arguments may be secret. */
function lineOf(
  { label, outcome, failedBy }: Told,
  report: FlushReport,
  withDispatched: boolean,
): string {
  const { dispatched, dropped, failed } = report;
  const parts = [
    ...(withDispatched && dispatched.length > 0
      ? [`${effects(dispatched)} dispatched: ${names(dispatched)}`]
      : []),
    ...[...byReason(dropped)].map(
      ([why, intents]) => `${effects(intents)} dropped (${why}): ${names(intents)}`,
    ),
    ...(failed.length > 0
      ? [
          `${effects(failed)} failed: ${listed(failed, ({ intent, error }) => `${intent.name} (${kindOf(error)})`)}`,
        ]
      : []),
  ];
  const link = outcome === 'completed' ? 'in spite of ' : '';
  const why = failedBy === undefined || outcome === 'cancelled' ? '' : ` (${link}${failedBy})`;
  return `${label} → ${outcome ?? 'open'}${why}: ${parts.join('; ') || 'no effects'}`;
}

/** Groups dropped intents by their reason, as the line prints it. */
function byReason(dropped: readonly DroppedIntent[]): ReadonlyMap<string, readonly Intent[]> {
  const groups = new Map<string, Intent[]>();
  for (const { intent, reason, policy } of dropped) {
    const why = policy === undefined ? reason : `${reason} ${policyName(policy)}`;
    const group = groups.get(why);
    if (group === undefined) groups.set(why, [intent]);
    else group.push(intent);
  }
  return groups;
}

function effects({ length }: readonly unknown[]): string {
  return length === 1 ? '1 effect' : `${length} effects`;
}

/** Each name once, in the order of the calls. */
function names(intents: readonly Intent[]): string {
  const counts = new Map<string, number>();
  for (const { name } of intents) counts.set(name, (counts.get(name) ?? 0) + 1);
  return listed([...counts], ([name, count]) => (count === 1 ? name : `${name} ×${count}`));
}

function mostSevere(levels: readonly (LogLevel | boolean)[]): LogLevel | undefined {
  const rank = Math.max(
    ...levels.map((level) => (typeof level === 'string' ? LEVELS.indexOf(level) : -1)),
  );
  return LEVELS[rank];
}
