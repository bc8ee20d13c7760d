import { defer, enqueueWith, SideEffect } from 'nestjs-airlock';
import { captureInEveryTest, effectsOfTest } from 'nestjs-airlock/testing';

// A suite of an application that got Airlock later: it builds services by hand, and expects that
// they call what it has mocked.

const queue = { add: jest.fn() };
const smtp = { send: jest.fn((_to: string) => Promise.resolve()) };

class MailService {
  @SideEffect()
  async welcome(to: string): Promise<void> {
    await smtp.send(to);
  }
}

class AuthService {
  private readonly mail = new MailService();

  async signUp(email: string): Promise<string> {
    defer(queue).add('welcome', { email }, { delay: 15_000 });
    await this.mail.welcome(email);
    return 'signed up';
  }
}

afterEach(() => jest.clearAllMocks());

describe("when a set-up file says `mode: 'inline'`", () => {
  captureInEveryTest({ mode: 'inline' });

  it('runs effects at their call, so that the suite stays as it is', async () => {
    expect(await new AuthService().signUp('ann')).toBe('signed up');
    expect(queue.add).toHaveBeenCalledWith('welcome', { email: 'ann' }, { delay: 15_000 });
    expect(smtp.send).toHaveBeenCalledWith('ann');
  });

  it('records them too, and begins each test with none', () => {
    enqueueWith({ name: 'note', executor: 'mails' }, () => undefined);
    expect(effectsOfTest().effects.map(({ name }) => name)).toEqual(['note']);
  });

  it('knows no other mode', () => {
    expect(() => captureInEveryTest({ mode: 'real' as never })).toThrow(
      "Expected `mode` to be one of 'capture', 'inline'",
    );
  });
});
