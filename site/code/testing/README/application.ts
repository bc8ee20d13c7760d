/// <reference types="jest" />
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { InProcessExecutor } from 'nestjs-airlock';
import { AirlockBullMqModule } from 'nestjs-airlock/bullmq';
import {
  AirlockTestingModule,
  captureEffects,
  effectSerializer,
  recorderOf,
  runEffect,
} from 'nestjs-airlock/testing';
import request from 'supertest';

interface Mails {
  sendReceipt(orderId: number): Promise<void>;
  welcome(name: string): Promise<void>;
}

declare const app: INestApplication;
declare const AppModule: Type;
declare const NoEngine: Type;
declare const MailService: Type<Mails>;
declare const OrderService: Type<{ place(order: object): Promise<void> }>;
declare const mail: Mails;
declare const smtp: { readonly sent: readonly string[] };
declare const order: object;
declare function charge(user: object, token: string): void;
// …
