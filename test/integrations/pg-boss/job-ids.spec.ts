import { randomUUID } from 'node:crypto';
import { JobIds } from '../../../lib/integrations/pg-boss/job-ids.js';

const jobIdOf = (intentId: string): string => new JobIds().of(intentId);

describe('when the id of a job is made of that of an intent', () => {
  it('is a UUID, as pg-boss wants it', () => {
    for (const id of [`${randomUUID()}:0`, `${randomUUID()}:123456`, 'something else', ':7', '']) {
      expect(jobIdOf(id)).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    }
  });

  it('is the same for the same intent and another for every other', () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const ids = [one, other].flatMap((scope) =>
      Array.from({ length: 1_000 }, (_unused, i) => `${scope}:${i}`),
    );
    expect(ids.map(jobIdOf)).toEqual(ids.map(jobIdOf));
    expect(new Set(ids.map(jobIdOf)).size).toBe(ids.length);
  });

  it('does not depend on what came before', () => {
    const ids = new JobIds();
    const [one, other] = [`${randomUUID()}:1`, `${randomUUID()}:1`];
    expect([one, other, one, 'something else', one].map((id) => ids.of(id))).toEqual(
      [one, other, one, 'something else', one].map(jobIdOf),
    );
  });

  it('sorts like the calls of one scope', () => {
    const scope = randomUUID();
    const ids = [0, 1, 9, 10, 11, 255, 256, 99_999].map((number) => jobIdOf(`${scope}:${number}`));
    expect(ids.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(ids);
  });
});
