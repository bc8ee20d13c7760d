import type { INestApplicationContext, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import type { Settings } from './settings.js';

/** An application without a server: all it does is take jobs. */
export function createWorker(
  settings: Settings,
  options: Pick<NestApplicationOptions, 'logger'> = {},
): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(AppModule.forRoot(settings), options);
}
