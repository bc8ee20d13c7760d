import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import { ParcelsModule } from './parcels/parcels.module.js';
import type { Settings } from './settings.js';

@Module({ imports: [AirlockModule.forRoot(), ParcelsModule] })
export class AppModule {
  static forRoot({ redisUrl, prefix }: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [BullModule.forRoot({ connection: { url: redisUrl }, prefix })],
    };
  }
}
