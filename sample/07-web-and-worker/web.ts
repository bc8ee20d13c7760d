import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const logger = new ConsoleLogger({ prefix: 'web' });
const web = await NestFactory.create(AppModule.forRoot({ worker: false }), { logger });
// On SIGTERM requests under way end, and what they have called gets to Redis.
web.enableShutdownHooks();
await web.listen(Number(process.env.PORT || 3000));
logger.log(`Takes signups at ${await web.getUrl()}/signups`);
