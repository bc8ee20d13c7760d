import { callInScope } from '../../scoped-call.js';
import { isMarked, type WrappedEntryPoint } from '../entry-point.js';
import { type CommandLine, isDryRun, offerDryRun } from './dry-run.option.js';
import { dryRun } from './dry-run.js';

/**
 * `run` of a nest-commander command. Each gets an option `--dry-run`, unless it has one of its own, which then means the same:
 * nothing gets out, and what would have is printed.
 *
 * @internal
 */
export const commander: WrappedEntryPoint = {
  name: 'commander',
  find: ({ type, methods }) =>
    isMarked(type, 'CommandBuilder:Command:Meta', 'CommandBuilder:Subcommand:Meta', 'CommandBuilder:RootCommand:Meta')
      ? methods.filter((name) => name === 'run')
      : [],
  wrap: (original, scope) =>
    function (this: unknown, ...args) {
      const work = (): unknown => original.apply(this, args);
      return isDryRun(this) ? dryRun(scope, work) : callInScope(scope, work);
    },
  alongside: {
    setCommand: (original) =>
      function (this: unknown, ...args) {
        offerDryRun(this as object, args[0] as unknown as CommandLine);
        return original.apply(this, args);
      },
  },
};
