import { setImmediate } from 'node:timers/promises';
import { defer, DispatchError, enqueueWith, SideEffect } from 'nestjs-airlock';
import { captureInEveryTest, effectsOfTest } from 'nestjs-airlock/testing';
import { gate } from '../unit/testing/fixtures.js';

// A suite of an application that got Airlock later: it builds services by hand, and expects that
// they call what it has mocked.

const queue = { add: jest.fn() };
const smtp = { send: jest.fn((_to: string) => Promise.resolve()) };

class MailService {
  @SideEffect()
  async welcome(to: string): Promise<void> {
    await smtp.send(to);
  }

  @SideEffect()
  async remind(to: string): Promise<void> {
    await smtp.send(to);
    queue.add('reminded', to);
  }

  @SideEffect({ on: 'failure' })
  async apologize(to: string): Promise<void> {
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

const mail = new MailService();
const logged = jest.spyOn(console, 'error').mockImplementation(() => {});

afterEach(() => jest.clearAllMocks());
afterAll(() => logged.mockRestore());

describe("when a set-up file says `mode: 'inline'`", () => {
  captureInEveryTest({ mode: 'inline' });

  it('runs effects at their call, so that the suite stays as it is', async () => {
    expect(await new AuthService().signUp('ann')).toBe('signed up');
    expect(queue.add).toHaveBeenCalledWith('welcome', { email: 'ann' }, { delay: 15_000 });
    expect(smtp.send).toHaveBeenCalledWith('ann');
  });

  it('waits for an effect where its call is awaited', async () => {
    smtp.send.mockImplementationOnce(() => setImmediate());
    await mail.remind('bob');
    expect(queue.add).toHaveBeenCalledWith('reminded', 'bob');
  });

  it('hands over what an awaited effect fails with, and logs nothing', async () => {
    const error = new Error('smtp is down');
    smtp.send.mockRejectedValueOnce(error);
    await expect(mail.welcome('carl')).rejects.toBe(error);
    smtp.send.mockImplementationOnce(() => {
      throw error;
    });
    await expect((async () => await mail.welcome('carl'))()).rejects.toBe(error);
    expect(effectsOfTest().failed.map((failure) => failure.error)).toEqual([error, error]);
    expect(logged).not.toHaveBeenCalled();
  });

  it('logs what an effect fails with that nobody waits for', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    smtp.send.mockRejectedValueOnce(new Error('smtp is down'));
    void mail.welcome('dora');
    defer({ add: () => Promise.reject(new Error('redis is down')) }).add();
    await setImmediate();
    expect(logged.mock.calls.map(([error]) => error as unknown)).toEqual([
      expect.any(DispatchError),
      expect.any(DispatchError),
    ]);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('completes at each call, so that effects of a failure are dropped', async () => {
    await mail.apologize('eve');
    expect(smtp.send).not.toHaveBeenCalled();
    expect(effectsOfTest().dropped).toHaveLength(1);
  });

  describe('and a test leaves an effect running', () => {
    const left = gate();
    let reminded: Promise<void>;

    it('goes on to the next test', () => {
      smtp.send.mockImplementationOnce(() => left.opened);
      reminded = mail.remind('fred');
      expect(effectsOfTest().effects).toHaveLength(1);
    });

    it('is none of the effects of that', async () => {
      left.open();
      await reminded;
      expect(queue.add).toHaveBeenCalledWith('reminded', 'fred');
      expect(effectsOfTest().effects).toEqual([]);
      expect(effectsOfTest().dispatched).toEqual([]);
    });
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
