import type { LoggerService } from '@nestjs/common';
import type { AirlockRuntime } from '../../core/runtime.js';
import { listed } from '../../errors/thrown.js';
import type { EffectReport } from '../services/airlock-report.js';

/** Matches the names that minifiers give: `e.send`, `xn.send`, `t2.send`. */
const SHORTENED = /^([\w$]{1,2})\./;

/**
 * Warns where classes seem to have lost their names to a minifier and effects leave the process by
 * them: the next build may give the name to another class, and a job that this build has stored
 * would then run another effect.
 *
 * @param effects those that are named by their classes
 * @internal
 */
export function warnOfShortenedNames(
  effects: readonly EffectReport[],
  runtime: AirlockRuntime,
  logger: LoggerService,
): void {
  const sent = effects
    .filter(({ executor }) => isRemote(runtime, executor))
    .map(({ name }) => name);
  const classes = sent.map((name) => SHORTENED.exec(name)?.[1]);
  // A single class may really have a short name. Several classes with short names only are
  // minified.
  if (classes.includes(undefined) || new Set(classes).size < 2) return;
  logger.warn(
    `Effects are stored for workers as ${listed(sent, String)}: their classes seem to be renamed by a minifier. Another build may give these ` +
      'names to other classes, and its workers would run those. Keep class names in the build (esbuild: `keepNames`, terser: `keep_classnames`), ' +
      "or name each effect: `@SideEffect({ name: '…' })`.",
  );
}

function isRemote(runtime: AirlockRuntime, name: string): boolean {
  const executor = name === 'default' ? runtime.defaultExecutor : runtime.executorNamed(name);
  return executor.remote === true;
}
