import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { nats } from './nats.js';

const app = await NestFactory.createMicroservice(AppModule, { ...nats, logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen();
console.log(`Takes orders at ${nats.options.servers.join()}`);
