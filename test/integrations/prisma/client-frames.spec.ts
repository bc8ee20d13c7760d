import { openFrame } from 'nestjs-airlock';
import { ClientFrames } from '../../../lib/integrations/prisma/client-frames.js';

const PLACE = Symbol.for('prisma.client.transaction.scope_context');

describe('ClientFrames', () => {
  it('finds a frame by any client of its savepoint, and by no other', () => {
    const frames = new ClientFrames();
    const [here, elsewhere] = [{}, {}];
    const clientOf = (scopeState: object, scopeId: string) => ({
      [PLACE]: { scopeState, scopeId },
    });
    const frame = openFrame();
    frames.add(clientOf(here, 'a'), frame);
    expect(frames.of(clientOf(here, 'a'))).toBe(frame);
    expect(frames.of(clientOf(here, 'b'))).toBeUndefined();
    expect(frames.of(clientOf(elsewhere, 'a'))).toBeUndefined();
    frame.rollBack();
  });

  it.each([
    {},
    { [PLACE]: null },
    { [PLACE]: { scopeState: null } },
    { [PLACE]: { kind: 'nested', scopeState: 'a' } },
  ])('finds a frame by the client itself where Prisma tells nothing of its place: %p', (tx) => {
    const frames = new ClientFrames();
    const frame = openFrame();
    frames.add(tx, frame);
    expect(frames.of(tx)).toBe(frame);
    expect(frames.of({})).toBeUndefined();
    frame.rollBack();
  });

  it('forgets savepoints that have ended once another one begins', async () => {
    const frames = new ClientFrames();
    const scopeState = {};
    const clientOf = (scopeId: string) => ({ [PLACE]: { scopeState, scopeId } });
    const frame = openFrame();
    frames.add(clientOf('transaction'), frame);
    const first = frame.savepoint();
    frames.add(clientOf('first'), first);
    await first.commit();
    frames.add(clientOf('second'), frame.savepoint());
    expect(frames.of(clientOf('first'))).toBeUndefined();
    expect(frames.of(clientOf('transaction'))).toBe(frame);
    frame.rollBack();
  });
});
