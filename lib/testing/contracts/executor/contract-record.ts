/** What effects of the contract did, on whichever side they ran. @internal */
export class ContractRecord {
  private done: string[] = [];
  private marks = new Set<string>();
  private gate: Promise<void> | undefined;
  private openGate: (() => void) | undefined;

  /** In the order in which it happened. */
  get ran(): readonly string[] {
    return [...this.done];
  }

  clear(): void {
    this.done = [];
  }

  add(text: string): void {
    this.done.push(text);
  }

  /** Apart from the rest: only shows that whatever was let out before has arrived. */
  mark(name: string): void {
    this.marks.add(name);
  }

  hasMark(name: string): boolean {
    return this.marks.has(name);
  }

  /** Makes effects that pass the gate wait. @returns what opens it */
  close(): () => void {
    this.gate = new Promise((resolve) => (this.openGate = resolve));
    return this.openGate!;
  }

  async pass(): Promise<void> {
    await this.gate;
  }
}
