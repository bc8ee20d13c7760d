import { NestFactory } from '@nestjs/core';

declare class AppModule {}
declare const module: { hot?: Hot };
interface Hot {
  data?: { closed?: Promise<void> };
  accept(): void;
  dispose(callback: (data: { closed?: Promise<void> }) => void): void;
}
// …
