import { Injectable } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';
import { boot, checkAfterEach, Outbox } from '../e2e/http/fixtures.js';

/** Not provided itself: one for each way to tell people. */
class Channel {
  constructor(
    private readonly outbox: Outbox,
    private readonly name: string,
  ) {}
  @SideEffect()
  async tell(text: string): Promise<void> {
    this.outbox.sent.push(`${this.name}: ${text}`);
    await Promise.resolve();
  }
}

@Injectable()
class Notifier {
  readonly mail: Channel;
  readonly byName: ReadonlyMap<string, Channel>;
  readonly fallbacks: readonly Channel[];
  constructor(outbox: Outbox) {
    this.mail = new Channel(outbox, 'mail');
    this.byName = new Map([['sms', new Channel(outbox, 'sms')]]);
    this.fallbacks = [new Channel(outbox, 'fax')];
  }
}

const CHANNELS = 'CHANNELS';
const providers = [
  Notifier,
  { provide: CHANNELS, inject: [Outbox], useFactory: (o: Outbox) => [new Channel(o, 'push')] },
];

/** A list by number, of which there are few and far between. */
const byNumber: object[] = [];
byNumber[200_000_000] = {};
class Lazy extends Map<string, object> {
  override values(): never {
    throw new Error('not loaded yet');
  }
}
const data = [
  { provide: 'PRICES', useValue: Array.from({ length: 100_000 }, (_, id) => ({ id })) },
  { provide: 'LAZY', useValue: { lazy: new Lazy() } },
  { provide: 'BY_NUMBER', useValue: { byNumber } },
];

describe('when objects that a provider has made have effects', () => {
  checkAfterEach();

  it.each([
    ['dispatch', ['mail: now', 'sms: now', 'fax: now', 'push: now']],
    ['drop', []],
  ] as const)(
    "treats calls of theirs outside a scope as those of the provider: outsideScope '%s'",
    async (outsideScope, out) => {
      const { app, fate } = await boot({ providers }, { outsideScope });
      const { mail, byName, fallbacks } = app.get(Notifier);
      const others = app.get<Channel[]>(CHANNELS);
      for (const one of [mail, ...byName.values(), ...fallbacks, ...others]) await one.tell('now');
      expect((await fate()).out).toEqual(out);
    },
  );

  it('leaves a provider of another application that one of its own holds to that one', async () => {
    const post: Channel[] = [];
    const useFactory = (o: Outbox) => (post[0] = new Channel(o, 'post'));
    const { fate } = await boot(
      { providers: [{ provide: 'POST', inject: [Outbox], useFactory }] },
      { outsideScope: 'dispatch' },
    );
    await boot({ providers: [{ provide: 'BRIDGE', useValue: { channel: post[0] } }] });
    await post[0]!.tell('now');
    expect((await fate()).out).toEqual(['post: now']);
  });

  it('boots at once where providers hold data, and runs nothing of theirs', async () => {
    const begun = performance.now();
    await boot({ providers: [...providers, ...data] });
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
