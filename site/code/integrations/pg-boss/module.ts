import { Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import { AirlockDrizzleModule } from 'nestjs-airlock/drizzle';

declare class DatabaseModule {}
declare class MailService {}
// …
