import { AirlockService, EffectBuffer } from 'nestjs-airlock';
import { recorderOf } from 'nestjs-airlock/testing';
import { filter, firstValueFrom } from 'rxjs';
import { checkAfterEach, delay, until } from '../../e2e/http/fixtures.js';
import { describeWith } from '../../servers.js';
import { arriving, clientOf, closeAfterEach, start, wireTo } from './service.js';
import { overNats, overRedis, type Transport } from './transports.js';
import type { Wire } from './wire.js';

checkAfterEach();
closeAfterEach();

/** Sends two notes as effects over a wire, with something that happens to it after the first. */
async function sendTwo(
  transport: Transport,
  size: number,
  happens: (wire: Wire, isLost: Promise<unknown>) => unknown,
) {
  const wire = await wireTo(transport);
  const service = await start(transport);
  const { app, desk, client } = service;
  const sender = await clientOf(service, transport, wire.url);
  const isLost = firstValueFrom(sender.status.pipe(filter((status) => status !== 'connected')));
  const effects = app.get(EffectBuffer);
  const note = (text: string, length: number): void =>
    effects
      .defer(sender, { name: text })
      .emit(desk.pattern('note'), { text, padding: '.'.repeat(length) });
  const sending = app.get(AirlockService).run({ onDispatchError: () => {} }, () => {
    note('first', 0);
    effects.enqueueWith({ name: 'between' }, async () => {
      await until(() => desk.notes.length === 1);
      await happens(wire, isLost);
    });
    note('second', size);
  });
  await isLost;
  await delay(20);
  wire.mend();
  await sending;
  await arriving(client, desk);
  await arriving(sender, desk);
  const failed = recorderOf(app).failed.map(({ intent }) => intent.name);
  const dispatched = recorderOf(app).dispatched.map(({ name }) => name);
  expect([...dispatched, ...failed].toSorted()).toEqual(['between', 'first', 'second']);
  const [first, ...seconds] = desk.notes;
  expect(first).toEqual({ text: 'first', size: 0 });
  return { seconds, failed };
}

// Not RabbitMQ: its connection manager rejects a promise of its own, unhandled, when a channel is
// lost while it is set up again.
for (const transport of [overRedis, overNats]) {
  describeWith(transport.broker!, `over ${transport.name}`, () => {
    describe('when the connection is lost before an effect is sent over it', () => {
      it('sends it once when the connection is back, or reports that it could not be sent', async () => {
        const { seconds, failed } = await sendTwo(transport, 1, (wire, isLost) => {
          wire.cut();
          return isLost;
        });
        expect({ seconds, failed }).toEqual(
          failed.length === 0
            ? { seconds: [{ text: 'second', size: 1 }], failed: [] }
            : { seconds: [], failed: ['second'] },
        );
      });
    });

    describe('when the connection breaks in the middle of one', () => {
      it('sends it whole and once, or not at all', async () => {
        const size = 300_000;
        const { seconds, failed } = await sendTwo(transport, size, (wire) => wire.cutAfter(1_000));
        expect([[], [{ text: 'second', size }]]).toContainEqual(seconds);
        // NATS acknowledges nothing, so that nobody hears of what got lost on the way.
        const isUnheardOf = seconds.length === 0 && failed.length === 0 && transport !== overNats;
        expect(isUnheardOf).toBe(false);
      });
    });
  });
}
