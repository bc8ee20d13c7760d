import { Injectable, Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import { EntityManager } from '@mikro-orm/postgresql';

declare class DatabaseModule {}
declare class MailService {
  sendReceipt(item: string): Promise<void>;
}
declare class Order {
  constructor(item: string);
}
// …
