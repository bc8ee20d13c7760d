import { channel } from 'node:diagnostics_channel';
import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AirlockModule } from 'nestjs-airlock';
import { AirlockRuntime } from '../../../lib/core/runtime.js';
import { shop } from './shop.js';

const names = ['enqueue', 'dispatch', 'drop', 'fail', 'scope'] as const;

/** Channels that are listened to, in an application and in the whole process. */
async function heardIn(module: Type): Promise<{ own: number; global: number }> {
  const app = await NestFactory.create(module, { logger: false });
  await app.init();
  const { listeners } = app.get(AirlockRuntime, { strict: false });
  const own = names.filter((name) => listeners[name] !== undefined).length;
  const global = names.filter((name) => channel(`airlock:${name}`).hasSubscribers).length;
  await app.close();
  return { own, global };
}

describe('the cost of the inspector', () => {
  it('is none where it is not imported: nobody listens', async () => {
    class Bare {}
    Module({ imports: [AirlockModule.forRoot()] })(Bare);
    expect(await heardIn(Bare)).toEqual({ own: 0, global: 0 });
  });

  it('is that of its own application, and no other’s', async () => {
    expect(await heardIn(shop())).toEqual({ own: names.length, global: 0 });
  });
});
