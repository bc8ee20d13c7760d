const LONGEST = 2_000;

/**
 * Shows the result of the application's redactor: as it is if it is a string, else as JSON.
 *
 * @internal
 */
export class Redaction<Given> {
  private hasThrown = false;

  /** @param option the name of the redactor among the inspector's options */
  constructor(
    private readonly option: string,
    private readonly redact: ((given: Given) => unknown) | undefined,
    private readonly warn: (message: string) => void,
  ) {}

  /** Does not throw; undefined where nothing is to be shown. @param name of the effect */
  of(name: string, given: Given): string | undefined {
    if (this.redact === undefined) return undefined;
    try {
      return shortened(this.redact(given));
    } catch {
      // Its error may contain the data that it should hide.
      if (!this.hasThrown) {
        this.hasThrown = true;
        this.warn(
          `\`${this.option}\` of AirlockInspectorModule threw for "${name}": what it is given stays hidden wherever it throws. Have it take anything.`,
        );
      }
      return `(hidden: ${this.option} threw)`;
    }
  }
}

function shortened(value: unknown): string | undefined {
  const text =
    typeof value === 'string'
      ? value
      : JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one), 2);
  if (text === undefined || text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST)}… (${text.length - LONGEST} more letters)`;
}
