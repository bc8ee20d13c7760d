import { Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';

declare class DatabaseModule {}
// …
