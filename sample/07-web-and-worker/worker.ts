import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const logger = new ConsoleLogger({ prefix: 'worker' });
const worker = await NestFactory.createApplicationContext(AppModule.forRoot({ worker: true }), {
  logger,
});
// On SIGTERM no further effect is begun; those under way end, and what they have called gets to
// Redis.
worker.enableShutdownHooks();
