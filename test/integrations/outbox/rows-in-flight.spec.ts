import type { CheckedRemoval } from '../../../lib/integrations/outbox/checked-removal.js';
import { OutboxClock } from '../../../lib/integrations/outbox/outbox.clock.js';
import type { OutboxSettings } from '../../../lib/integrations/outbox/outbox.settings.js';
import type { OutboxTable } from '../../../lib/integrations/outbox/outbox.table.js';
import { RowsInFlight } from '../../../lib/integrations/outbox/rows-in-flight.js';

describe('when effects of several requests are done at about the same time', () => {
  const removals: (readonly string[])[] = [];
  const table = { remove: async (ids: readonly string[]) => void removals.push(ids) };
  let rows: RowsInFlight;

  beforeEach(() => {
    removals.length = 0;
    rows = new RowsInFlight(
      table as unknown as OutboxTable,
      {} as OutboxSettings,
      new OutboxClock(),
      table as unknown as CheckedRemoval,
    );
  });

  it('removes their rows in one statement', async () => {
    await rows.finish(['a']);
    await rows.finish(['b', 'c']);
    await rows.removed();
    expect(removals).toEqual([['a', 'b', 'c']]);
    expect(rows.has('a')).toBe(false);
  });

  it('does not wait for more where the application ends', async () => {
    await rows.close();
    await rows.finish(['a']);
    await rows.finish(['b']);
    expect(removals).toEqual([['a'], ['b']]);
  });
});
