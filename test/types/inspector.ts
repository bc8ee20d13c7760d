import type { CanActivate } from '@nestjs/common';
import { VERSION_NEUTRAL } from '@nestjs/common';
import {
  type AirlockInspectorAsyncOptions,
  AirlockInspectorModule,
  type AirlockInspectorOptions,
  type AirlockInspectorOptionsFactory,
  type InspectedCall,
} from 'nestjs-airlock/inspector';

class AdminGuard implements CanActivate {
  constructor(readonly name: string) {}
  canActivate(): boolean {
    return this.name !== '';
  }
}

export const everything: AirlockInspectorOptions = {
  path: 'ops/airlock',
  guards: [AdminGuard, new AdminGuard('ada')],
  capacity: 500,
  redact: ({ name, args }: InspectedCall) =>
    name === 'MailService.sendReceipt' ? args : undefined,
  redactError: (error) => (error instanceof RangeError ? error.message : undefined),
  readOnly: true,
  callSites: true,
  version: ['1', VERSION_NEUTRAL],
};

export class Factory implements AirlockInspectorOptionsFactory {
  createAirlockInspectorOptions(): AirlockInspectorOptions {
    return everything;
  }
}

export const asynchronous: AirlockInspectorAsyncOptions = {
  inject: ['PATH'],
  useFactory: (path: string) => ({ path }),
};

export const modules = [
  AirlockInspectorModule.forRoot(),
  AirlockInspectorModule.forRoot(everything),
  AirlockInspectorModule.forRootAsync(asynchronous),
  AirlockInspectorModule.forRootAsync({ useClass: Factory }),
];

// @ts-expect-error -- a guard decides by `canActivate`.
export const noGuard: AirlockInspectorOptions = { guards: [class {}] };
// @ts-expect-error -- a number.
export const noCapacity: AirlockInspectorOptions = { capacity: '10' };
// @ts-expect-error -- `path`.
export const unknown = AirlockInspectorModule.forRoot({ at: 'airlock' });
