import { Gate } from '../until.js';

/** Record of what effects of the contract did, on whichever side they ran. @internal */
export class ContractRecord {
  private done: string[] = [];
  private marks = new Set<string>();
  private gate: Gate | undefined;

  /** Texts in the order in which effects told them. */
  get ran(): readonly string[] {
    return [...this.done];
  }

  clear(): void {
    this.done = [];
  }

  add(text: string): void {
    this.done.push(text);
  }

  /** Notes, apart from the rest, that whatever was let out before has arrived. */
  mark(name: string): void {
    this.marks.add(name);
  }

  hasMark(name: string): boolean {
    return this.marks.has(name);
  }

  /** Makes effects that pass the gate wait. @returns what opens it */
  close(): () => void {
    this.gate = new Gate();
    return this.gate.open;
  }

  async pass(): Promise<void> {
    await this.gate?.opened;
  }
}
