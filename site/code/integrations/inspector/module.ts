import { type CanActivate, Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';

declare class AdminGuard implements CanActivate {
  canActivate(): boolean;
}
// …
