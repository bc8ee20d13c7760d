import { Injectable } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';

/** The effects of an application under test. */
@Injectable()
export class Mail {
  readonly sent: string[] = [];
  /** How many tries are still to fail. */
  failures = 0;
  private gate: Promise<void> | undefined;

  @SideEffect()
  async send(text: string): Promise<void> {
    this.sent.push(text);
  }

  @SideEffect()
  async sendAt(moment: Date): Promise<void> {
    this.sent.push(`sent at ${moment.toISOString()}`);
  }

  /** Calls an effect itself, and fails as often as it is told to. */
  @SideEffect()
  async sendStubbornly(text: string): Promise<void> {
    this.sent.push(text);
    const tries = this.sent.filter((one) => one === text).length;
    await this.send(`copy of ${text} in try ${tries}`);
    if (this.failures-- > 0) throw new Error(`${text} came back`);
  }

  /** Begins, and ends once the gate is open. */
  @SideEffect()
  async sendSlowly(text: string): Promise<void> {
    this.sent.push(`${text} begins`);
    await this.gate;
    this.sent.push(`${text} ends`);
  }

  /** @returns what opens the gate */
  closeGate(): () => void {
    let open!: () => void;
    this.gate = new Promise((resolve) => (open = resolve));
    return open;
  }
}

/** An effect that only newer code has. */
@Injectable()
export class Newsletter {
  @SideEffect()
  async send(text: string): Promise<void> {
    throw new Error(`Nobody here can send this: ${text}`);
  }
}
