import { setTimeout } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

describe('the nightly report', () => {
  const mails: string[] = [];
  const errors: string[] = [];
  const nights: string[][] = [];
  const cron = process.env.REPORT_CRON;
  let app: INestApplicationContext;

  beforeAll(async () => {
    // Read as the class is defined.
    process.env.REPORT_CRON = '* * * * * *';
    const { AppModule } = await import('./app.module.js');
    app = await NestFactory.createApplicationContext(AppModule, {
      logger: {
        log: (text: unknown, context: unknown) => {
          if (context === 'Mail') mails.push(String(text));
        },
        warn: () => undefined,
        error: (error: unknown) => void errors.push(String(error)),
      },
    });
    for (let night = 0; night < 2; night++) {
      while (mails.length === 0) await setTimeout(10);
      // All mails of a night go out in one turn.
      nights.push(mails.splice(0));
    }
  }, 20_000);
  afterAll(async () => {
    if (cron === undefined) delete process.env.REPORT_CRON;
    else process.env.REPORT_CRON = cron;
    await app.close();
  });

  describe('when one till has not been counted', () => {
    it('mails no shop, wakes who is on call, and logs the error as ever', () => {
      expect(nights[0]).toEqual(['to whoever is on call: there is no report tonight']);
      expect(errors).toEqual(['Error: The till at the harbour has not been counted']);
    });
  });

  describe('when all are counted the night after', () => {
    it('mails every shop, and nothing of the night before', () => {
      expect(nights[1]).toEqual([
        'to the market shop: you took 600.00 EUR',
        'to the station shop: you took 700.00 EUR',
        'to the harbour shop: you took 700.00 EUR',
      ]);
    });
  });
});
