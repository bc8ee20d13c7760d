import { enqueueWith } from 'nestjs-airlock';
import { captureInEveryTest, effectsOfTest } from 'nestjs-airlock/testing';

describe("when a suite expects of its mocks what it did before, by `mode: 'inline'`", () => {
  captureInEveryTest({ mode: 'inline' });

  it('runs an effect at its call, whatever executor it names, and records it', async () => {
    const smtp = { send: jest.fn() };
    enqueueWith(
      { executor: 'mails' },
      function send(to: string) {
        smtp.send(to);
      },
      'ann',
    );
    await Promise.resolve();
    expect(smtp.send).toHaveBeenCalledWith('ann');
    expect(effectsOfTest().effects.map(({ name }) => name)).toEqual(['send']);
  });

  it('refuses what is no mode', () => {
    expect(() => captureInEveryTest({ mode: 'real' as never })).toThrow(
      "Expected `mode` to be one of 'capture', 'inline'",
    );
  });
});
