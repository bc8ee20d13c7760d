import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.createApplicationContext(AppModule);
// On SIGTERM a report that is under way is finished, and its mails get out, before anything is
// closed.
app.enableShutdownHooks();
