import type { AirlockInspectorOptions } from '../inspector.options.js';

const LONGEST = 2_000;

/**
 * Shows of arguments what the redactor makes of them, as JSON.
 *
 * @internal
 */
export class ShownArguments {
  private hasThrown = false;

  constructor(
    private readonly redact: AirlockInspectorOptions['redact'],
    private readonly warn: (message: string) => void,
  ) {}

  /** Does not throw; undefined where nothing is to be shown. */
  of(name: string, args: readonly unknown[]): string | undefined {
    if (this.redact === undefined) return undefined;
    try {
      return shortened(this.redact({ name, args }));
    } catch {
      // What it throws may hold what it was to hide.
      if (!this.hasThrown) {
        this.hasThrown = true;
        this.warn(
          `\`redact\` of AirlockInspectorModule threw for "${name}": arguments stay hidden wherever it throws. Have it take any arguments.`,
        );
      }
      return '(hidden: redact threw)';
    }
  }
}

function shortened(value: unknown): string | undefined {
  const text = JSON.stringify(
    value,
    (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one),
    2,
  );
  if (text === undefined || text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST)}… (${text.length - LONGEST} more letters)`;
}
