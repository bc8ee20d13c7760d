import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { Settings } from './settings/settings.js';

export function createApp(
  settings: Settings = Settings.fromEnvironment(),
  options: NestApplicationOptions = {},
): Promise<INestApplication> {
  return NestFactory.create(AppModule.forRoot(settings), options);
}
