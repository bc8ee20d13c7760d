import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

/**
 * Refuses options that a job of the installed pg-boss cannot carry: its bulk insert would silently
 * leave them out.
 *
 * @param option name under which they were given
 * @param effect that they were given for @default all effects
 * @throws AirlockOptionsError for the first
 * @internal
 */
export function assertKnown(
  options: Readonly<Record<string, unknown>>,
  known: readonly string[],
  option: 'jobOptions' | 'dispatchOptions',
  effect?: string,
): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new AirlockOptionsError(
      `${option}.${key}`,
      `\`${key}\`${effect === undefined ? '' : ` of effect "${effect}"`} is no option of a job in this version of pg-boss. ` +
        `Known options: ${known.join(', ')}.`,
    );
  }
}
