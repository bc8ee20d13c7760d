import { setTimeout } from 'node:timers/promises';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import { airlockMatchers, type CapturedEffects, captureEffects } from 'nestjs-airlock/testing';
import { MailService } from './mail.service.js';

expect.extend(airlockMatchers);
// oxlint-disable-next-line typescript/unbound-method -- effects are named by their methods.
const { sendReport, wakeOnCall } = MailService.prototype;

describe('the nightly report', () => {
  let module: Type;
  let app: INestApplicationContext;

  /** The expression is read as the class is defined. */
  const defineWith = async (cron: string): Promise<void> => {
    process.env.REPORT_CRON = cron;
    ({ AppModule: module } = await import('./app.module.js'));
  };
  afterEach(() => app.close());

  describe('when a test turns the clock', () => {
    let nextNight: () => Promise<CapturedEffects>;

    // Far off: it is not to strike before the test has stopped it.
    beforeAll(() => defineWith('0 0 0 29 2 *'));
    beforeEach(async () => {
      app = await NestFactory.createApplicationContext(module, { logger: false });
      const clock = app.get(SchedulerRegistry).getCronJob('nightly report');
      await clock.stop();
      nextNight = () => captureEffects(app, () => clock.fireOnTick());
    });

    it('mails no shop and wakes who is on call where one till has not been counted', async () => {
      const night = await nextNight();
      expect(night).toHaveDropped(sendReport, { reason: 'outcome' });
      expect(night).not.toHaveDispatched(sendReport);
      expect(night).toHaveDispatched(wakeOnCall);
    });

    it('mails every shop the night after, and nothing of the night before', async () => {
      await nextNight();
      const night = await nextNight();
      expect(night).toHaveEnqueuedTimes(sendReport, 3);
      expect(night).toHaveDispatched(sendReport, { shop: 'market', cents: 60_000 });
      expect(night).toHaveDispatched(sendReport, { shop: 'station', cents: 70_000 });
      expect(night).toHaveDispatched(sendReport, { shop: 'harbour', cents: 70_000 });
      expect(night).not.toHaveDispatched(wakeOnCall);
    });
  });

  describe('when the clock strikes by itself', () => {
    let factory: typeof NestFactory;

    beforeAll(async () => {
      jest.resetModules();
      await defineWith('* * * * * *');
      ({ NestFactory: factory } = await import('@nestjs/core'));
    });

    it('delivers the mails of each night, and logs the error of the first as ever', async () => {
      const mails: string[] = [];
      const errors: string[] = [];
      app = await factory.createApplicationContext(module, {
        logger: {
          log: (text: unknown, context: unknown) => {
            if (context === 'Mail') mails.push(String(text));
          },
          warn: () => undefined,
          error: (error: unknown) => void errors.push(String(error)),
        },
      });
      const night = async (): Promise<readonly string[]> => {
        for (let tries = 0; mails.length === 0 && tries < 500; tries++) await setTimeout(10);
        // All mails of a night go out in one turn.
        return mails.splice(0);
      };
      expect(await night()).toEqual(['to whoever is on call: there is no report tonight']);
      expect(errors).toEqual(['Error: The till at the harbour has not been counted']);
      expect(await night()).toEqual([
        'to the market shop: you took 600.00 EUR',
        'to the station shop: you took 700.00 EUR',
        'to the harbour shop: you took 700.00 EUR',
      ]);
    }, 60_000);
  });
});
