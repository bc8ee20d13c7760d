import { channel } from 'node:diagnostics_channel';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AirlockModule } from 'nestjs-airlock';
import { shop } from './shop.js';

const channels = ['enqueue', 'dispatch', 'drop', 'fail', 'scope'].map((name) =>
  channel(`airlock:${name}`),
);
const heard = () => channels.filter(({ hasSubscribers }) => hasSubscribers).length;

describe('the cost of the inspector', () => {
  it('is none where it is not imported: nobody listens', async () => {
    class Bare {}
    Module({ imports: [AirlockModule.forRoot()] })(Bare);
    const app = await NestFactory.create(Bare, { logger: false });
    await app.init();
    expect(heard()).toBe(0);
    await app.close();
  });

  it('is none after a boot that has failed in another module', async () => {
    class Broken {
      onModuleInit(): void {
        throw new Error('no database');
      }
    }
    Module({})(Broken);
    const app = await NestFactory.create(shop({}, { imports: [Broken] }), { logger: false });
    await expect(app.init()).rejects.toThrow('no database');
    expect(heard()).toBe(0);
  });

  it('ends with its application', async () => {
    const app = await NestFactory.create(shop(), { logger: false });
    await app.init();
    expect(heard()).toBe(channels.length);
    await app.close();
    expect(heard()).toBe(0);
  });
});
