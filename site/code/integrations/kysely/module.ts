import { Injectable, Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import { Kysely } from 'kysely';

interface Tables {
  orders: { item: string };
}
declare class Database extends Kysely<Tables> {}
declare class DatabaseModule {}
declare class MailService {
  sendReceipt(item: string): Promise<void>;
}
// …
