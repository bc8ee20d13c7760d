import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AirlockModule, type Executor, type Intent } from 'nestjs-airlock';

declare class MyExecutor implements Executor {
  execute(intent: Intent): Promise<void>;
}
// …
