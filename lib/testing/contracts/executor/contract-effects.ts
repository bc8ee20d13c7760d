import { Inject, Injectable } from '@nestjs/common';
import { currentEffect } from '../../../core/scope/context.js';
import { SideEffect } from '../../../nest/decorators/side-effect.decorator.js';
import { ContractRecord } from './contract-record.js';

/** Effects that the cases of the contract call. @internal */
@Injectable()
export class ContractEffects {
  constructor(@Inject(ContractRecord) private readonly record: ContractRecord) {}

  @SideEffect()
  async tell(text: string): Promise<void> {
    this.record.add(text);
  }

  @SideEffect({ on: 'failure' })
  async apologise(text: string): Promise<void> {
    this.record.add(text);
  }

  /** Notes what its argument is when it runs. */
  @SideEffect()
  async read(order: { readonly text: string; readonly lines: readonly unknown[] }): Promise<void> {
    this.record.add(`${order.text} with ${order.lines.length}`);
  }

  /** Takes an argument that JSON cannot carry. */
  @SideEffect()
  async take(when: Date, ...more: unknown[]): Promise<void> {
    this.record.add(`${when.getTime()} ${typeof more[0]}`);
  }

  @SideEffect()
  async fail(text: string): Promise<void> {
    this.record.add(text);
    throw new Error(`${text} on purpose`);
  }

  /** Calls two effects itself and then succeeds, or fails. */
  @SideEffect()
  async call(text: string, ending: 'succeeds' | 'fails'): Promise<void> {
    this.record.add(text);
    await this.tell(`${text} first`);
    await this.tell(`${text} second`);
    if (ending === 'fails') throw new Error(`${text} on purpose`);
  }

  /** Begins, and ends once the gate is open. */
  @SideEffect()
  async pass(text: string): Promise<void> {
    this.record.add(`${text} begins`);
    await this.record.pass();
    this.record.add(`${text} ends`);
  }

  /** Notes whether it finds its signal, and that it goes on. */
  @SideEffect()
  async ask(text: string): Promise<void> {
    this.record.add(
      `${text}: ${currentEffect()?.signal.aborted === false ? 'not aborted' : 'no signal'}`,
    );
  }

  /** Takes longer than its time limit, unless it runs in a worker. */
  @SideEffect({ timeoutMs: 20 })
  async outlast(text: string): Promise<void> {
    await this.record.pass();
    this.record.add(text);
  }

  @SideEffect()
  async mark(name: string): Promise<void> {
    this.record.mark(name);
  }
}

/** Effect that the running side does not have. @internal */
@Injectable()
export class ContractAbsentee {
  @SideEffect()
  async run(text: string): Promise<void> {
    throw new Error(`Nobody can run this: ${text}`);
  }
}
