/// <reference types="jest" />
import { Test } from '@nestjs/testing';
import { DropAll, openFrame } from 'nestjs-airlock';
import {
  airlockMatchers,
  AirlockTestingModule,
  captureEffects,
  drain,
  runEffect,
} from 'nestjs-airlock/testing';
import type { AirlockTestingOptions } from 'nestjs-airlock/testing';
import request from 'supertest';
import * as shop from './shop.js';

const { AlertService, AppModule, Backfill, MailService, OrderService, REFUSED, SmsService } = shop;
const order = { id: 7, card: '4242 4242 4242 4242' };

expect.extend(airlockMatchers);

async function booted(options: AirlockTestingOptions) {
  const builder = Test.createTestingModule({ imports: [AppModule] });
  const compiled = await AirlockTestingModule.override(builder, options).compile();
  return compiled.createNestApplication({ logger: false }).init();
}

let app: Awaited<ReturnType<typeof booted>>;
let smtp: shop.Smtp;

beforeEach(async () => {
  app = await booted({ mode: 'real' });
  smtp = app.get(shop.Smtp);
});
afterEach(() => app.close());
// …
