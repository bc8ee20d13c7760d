import { type DynamicModule, Module } from '@nestjs/common';
import { EffectsModule } from './effects/effects.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { PageModule } from './page/page.module.js';
import { SettingsModule } from './settings/settings.module.js';
import type { Settings } from './settings/settings.js';

@Module({ imports: [OrdersModule, PageModule] })
export class AppModule {
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [SettingsModule.forRoot(settings), EffectsModule.forRoot(settings)],
    };
  }
}
