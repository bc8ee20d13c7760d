/// <reference types="jest" />
import { getQueueToken, InjectQueue } from '@nestjs/bullmq';
import { type INestApplication, Injectable } from '@nestjs/common';
import { Queue } from 'bullmq';
import { AirlockModule, SideEffect } from 'nestjs-airlock';
import { captureEffects } from 'nestjs-airlock/testing';
import request from 'supertest';

declare class WebhookClient {
  post(event: string, body: object): Promise<void>;
}
declare const app: INestApplication;
declare const order: { readonly id: number };
// …
