import { type DynamicModule, Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import { OrdersModule } from './orders/orders.module.js';
import { SettingsModule } from './settings/settings.module.js';
import type { Settings } from './settings/settings.js';

@Module({ imports: [AirlockModule.forRoot(), OrdersModule] })
export class AppModule {
  static forRoot(settings: Settings): DynamicModule {
    return { module: AppModule, imports: [SettingsModule.forRoot(settings)] };
  }
}
