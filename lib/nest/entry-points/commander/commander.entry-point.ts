import { callInScope } from '../../calls/call-in-scope.js';
import { handlerNamed, isMarked, type WrappedEntryPoint } from '../../boundaries/entry-point.js';
import { type CommandLine, offerDryRun, rememberLine, takeDryRun } from './dry-run.option.js';
import { dryRun } from './dry-run.js';

/**
 * `run` of a nest-commander command. Each command gets an option `--dry-run`: nothing gets out, and
 * the effects that would have got out are printed. If a command has an option of that name, that
 * option means the same. A command that takes unknown options gets none.
 *
 * @internal
 */
export const commander: WrappedEntryPoint = {
  name: 'commander',
  find: (candidate) =>
    isMarked(
      candidate,
      'CommandBuilder:Command:Meta',
      'CommandBuilder:Subcommand:Meta',
      'CommandBuilder:RootCommand:Meta',
    )
      ? handlerNamed('run', candidate)
      : [],
  ignores: () => true,
  wrap: (original, scope) =>
    function (this: unknown, ...args) {
      const work = (): unknown => original.apply(this, args);
      return takeDryRun(this as object) ? dryRun(scope, work) : callInScope(scope, work);
    },
  alongside: {
    setCommand: (original) =>
      function (this: unknown, ...args) {
        rememberLine(this as object, args[0] as unknown as CommandLine);
        return original.apply(this, args);
      },
  },
  ready: offerDryRun,
};
