import { createHash } from 'node:crypto';

const LARGEST = 2 ** 48;

/**
 * Makes the ids of jobs: UUIDs (version 8), the same for the same intent, so that writing it twice
 * makes one job. They end in the number of the call: pg-boss 10 orders jobs of one moment, such as
 * those of a transaction, by their ids.
 *
 * @internal
 */
export class JobIds {
  /**
   * Scope of the last intent. Most intents come from the scope of the one before, and a hash costs
   * as much as the rest of a job.
   */
  private scope: string | undefined;
  private prefix = '';

  /** @param intentId `scope:number` */
  of(intentId: string): string {
    const end = intentId.lastIndexOf(':');
    const number = Number(intentId.slice(end + 1));
    if (end < 1 || !Number.isSafeInteger(number) || number < 0 || number >= LARGEST) {
      const [prefix, rest] = hashed(intentId);
      return `${prefix}-${rest}`;
    }
    const scope = intentId.slice(0, end);
    if (scope !== this.scope) {
      this.scope = scope;
      [this.prefix] = hashed(scope);
    }
    return `${this.prefix}-${number.toString(16).padStart(12, '0')}`;
  }
}

/** Makes a UUID of a text, as its last group and all before that. */
function hashed(text: string): readonly [string, string] {
  const bytes = createHash('sha256').update(text).digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [groups.join('-'), hex.slice(20, 32)];
}
