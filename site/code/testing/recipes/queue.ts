import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AirlockTestingModule, waitForRun } from 'nestjs-airlock/testing';
import request from 'supertest';

declare const AppModule: Type;
declare const MailService: Type<{ sendReceipt(orderId: number): Promise<void> }>;
declare const order: object;
// …
