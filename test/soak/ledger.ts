import { subscribe } from 'node:diagnostics_channel';
import type { AirlockMessage } from 'nestjs-airlock';

/** What the channels have told so far, in numbers. */
export class Ledger {
  openScopes = 0;
  begun = 0;
  ended = 0;

  constructor() {
    subscribe('airlock:scope', (message) => {
      const { reason } = message as AirlockMessage;
      if (reason !== 'settled') this.openScopes += reason === 'open' ? 1 : -1;
    });
    subscribe('airlock:enqueue', () => void this.begun++);
    for (const kind of ['dispatch', 'fail']) subscribe(`airlock:${kind}`, () => void this.ended++);
    subscribe('airlock:drop', (message) => {
      // Called too late, it never was in a buffer.
      if ((message as AirlockMessage).reason !== 'late') this.ended++;
    });
  }
}
