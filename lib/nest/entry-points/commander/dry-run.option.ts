/** The parts of commander's `Option` that are used. */
interface CommandOption {
  attributeName(): string | symbol;
}

/** The parts of commander's `Command` that are used. @internal */
export interface CommandLine {
  readonly parent?: CommandLine | null;
  readonly commands: readonly CommandLine[];
  readonly options: readonly CommandOption[];
  /** Set by `allowUnknownOption()`, which has no getter. */
  readonly _allowUnknownOption?: boolean;
  createOption(flags: string, description: string): CommandOption;
  addOption(option: CommandOption): unknown;
  opts(): Record<string | symbol, unknown>;
  getOptionValueSource(key: string): string | undefined;
}

/**
 * The name that commander gives to `--dry-run`, `--dryRun`, `--no-dry-run` and `--no-dryRun` alike.
 */
const OWN = 'dryRun';
/**
 * The name of Airlock's option: a symbol, so that no command finds it among its own options.
 */
const OFFERED = Symbol('AIRLOCK_DRY_RUN');
/** Values by which an option that takes one says no. */
const NO: readonly unknown[] = [undefined, null, false, 0, '', '0', 'false', 'no', 'none', 'off'];

/** The command lines of covered commands, by command and as a set. */
const commandLines = new WeakMap<object, CommandLine>();
const covered = new WeakSet<CommandLine>();

/** Remembers the command line that a covered command was given. @internal */
export function rememberLine(command: object, line: CommandLine): void {
  commandLines.set(command, line);
  covered.add(line);
}

/**
 * Adds `--dry-run` to a command's line, once all commands and their own options are known.
 *
 * @internal
 */
export function offerDryRun(command: object): void {
  const line = commandLines.get(command);
  if (line === undefined || !mayOffer(line)) return;
  const option = line.createOption(
    '--dry-run',
    'let no effect out; print those that would have got out',
  );
  option.attributeName = () => OFFERED;
  line.addOption(option);
}

/**
 * False if the command, or one inside it, takes `--dry-run` itself: commander gives a command the
 * options that it knows, wherever they stand on the line.
 */
function mayOffer(line: CommandLine): boolean {
  return (
    covered.has(line) &&
    line._allowUnknownOption !== true &&
    !line.options.some((option) => option.attributeName() === OWN) &&
    line.commands.every(mayOffer)
  );
}

/**
 * True if a command is to let nothing out: `--dry-run` was given to it or to a command around it,
 * or an option of its own under that name says so, be it by default. Forgets the option, which
 * commander would keep for the next line that it parses.
 *
 * @internal
 */
export function takeDryRun(command: object): boolean {
  const own = commandLines.get(command);
  let isDryRun = false;
  for (let line: CommandLine | null | undefined = own; line; line = line.parent) {
    const values = line.opts();
    const isMeant = line === own || line.getOptionValueSource(OWN) !== 'default';
    if (values[OFFERED] === true || (isMeant && !NO.includes(values[OWN]))) isDryRun = true;
    delete values[OFFERED];
  }
  return isDryRun;
}
