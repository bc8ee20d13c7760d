import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AirlockModule, InProcessExecutor } from 'nestjs-airlock';
import { describeExecutorContract } from 'nestjs-airlock/testing';

describeExecutorContract('InProcessExecutor', {
  boot: async ({ producer }) => {
    @Module({
      imports: [AirlockModule.forRoot({ executor: InProcessExecutor })],
      providers: [...producer],
    })
    class AppModule {}

    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    return { producer: app, close: () => app.close() };
  },
});
