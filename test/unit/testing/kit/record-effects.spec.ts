import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AirlockModule, AirlockOptionsError, AirlockService, SideEffect } from 'nestjs-airlock';
import { airlockMatchers, recordEffects, recorderOf, waitForEffect } from 'nestjs-airlock/testing';

expect.extend(airlockMatchers);

@Injectable()
class MailService {
  readonly sent: number[] = [];
  @SideEffect()
  async sendReceipt(orderId: number): Promise<void> {
    this.sent.push(orderId);
  }
}

@Module({ imports: [AirlockModule.forRoot()], providers: [MailService] })
class AppModule {}

async function shop() {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const mail = app.get(MailService);
  const place = (id: number) => app.get(AirlockService).run(() => mail.sendReceipt(id));
  return { app, mail, place };
}

describe('when an application as it is is recorded', () => {
  it('lets effects out as in production and knows what became of them from then on', async () => {
    const { app, mail, place } = await shop();
    await place(1);
    const end = recordEffects(app);
    await place(2);
    expect(mail.sent).toEqual([1, 2]);
    expect(app).toHaveDispatched('MailService.sendReceipt', 2);
    expect(app).not.toHaveEnqueued('MailService.sendReceipt', 1);
    expect((await waitForEffect(app, 'MailService.sendReceipt')).args).toEqual([2]);
    end();
    await place(3);
    expect(recorderOf(app).dispatched.map(({ args: [id] }) => id)).toEqual([2]);
    await app.close();
  });

  it('is not recorded twice', async () => {
    const { app } = await shop();
    recordEffects(app)();
    expect(() => recordEffects(app)).toThrow(AirlockOptionsError);
    expect(() => recordEffects(app)).toThrow('This application is recorded already.');
    await app.close();
  });

  it('is told apart from another one', async () => {
    const [one, other] = [await shop(), await shop()];
    const ends = [recordEffects(one.app), recordEffects(other.app)];
    await one.place(1);
    await other.place(2);
    expect(recorderOf(one.app).dispatched.map(({ args: [id] }) => id)).toEqual([1]);
    expect(recorderOf(other.app).dispatched.map(({ args: [id] }) => id)).toEqual([2]);
    for (const end of ends) end();
    await one.app.close();
    await other.app.close();
  });
});

describe('when an application is asked for a record it does not keep', () => {
  it('says how to have one', async () => {
    const { app } = await shop();
    expect(() => recorderOf(app)).toThrow(
      '`recordEffects(app)` does for one that is to stay as it is.',
    );
    await app.close();
  });
});
