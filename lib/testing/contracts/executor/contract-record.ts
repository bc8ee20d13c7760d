import { Gate } from '../until.js';

/** Record of what effects of the contract did, on whichever side they ran. @internal */
export class ContractRecord {
  private done: string[] = [];
  private marks = new Set<string>();
  private gate: Gate | undefined;

  /** Texts in the order in which effects noted them. */
  get ran(): readonly string[] {
    return [...this.done];
  }

  clear(): void {
    this.done = [];
  }

  add(text: string): void {
    this.done.push(text);
  }

  /** Notes a marker, apart from the rest: effects that were let out before it have arrived. */
  mark(name: string): void {
    this.marks.add(name);
  }

  hasMark(name: string): boolean {
    return this.marks.has(name);
  }

  /** Makes effects wait at the gate. @returns a function that opens it */
  close(): () => void {
    this.gate = new Gate();
    return this.gate.open;
  }

  async pass(): Promise<void> {
    await this.gate?.opened;
  }
}
