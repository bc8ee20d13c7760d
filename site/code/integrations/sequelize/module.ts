import { Injectable, Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import type { Sequelize } from 'sequelize';

declare class DatabaseModule {}
declare class MailService {
  sendReceipt(item: string): Promise<void>;
}
// …
