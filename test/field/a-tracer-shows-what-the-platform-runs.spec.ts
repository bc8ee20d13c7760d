import { Controller, Get, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AirlockModule } from 'nestjs-airlock';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

// Tracers put themselves in front of what a platform runs, and show each function as a span: they
// replace `addHook` of a Fastify that announces itself, and read the layers of Express.

@Controller()
class Orders {
  @Get()
  all(): void {}
}

async function namesOnFastify(metadata: ModuleMetadata): Promise<string[]> {
  const names: string[] = [];
  const trace = (message: unknown): void => {
    const { fastify } = message as { fastify: Record<string, (...args: unknown[]) => unknown> };
    const addHook = fastify['addHook']!;
    fastify['addHook'] = function (name, hook) {
      if (name === 'onRequest') names.push((hook as () => void).name);
      return addHook.call(this, name, hook);
    };
  };
  subscribe('fastify.initialization', trace);
  const app = await NestFactory.create(moduleOf(metadata), new FastifyAdapter(), { logger: false });
  unsubscribe('fastify.initialization', trace);
  await app.init();
  await app.close();
  return names;
}

async function namesOnExpress(metadata: ModuleMetadata): Promise<string[]> {
  const app = await NestFactory.create(moduleOf(metadata), new ExpressAdapter(), {
    logger: false,
    bodyParser: false,
  });
  await app.init();
  const { router } = app.getHttpAdapter().getInstance() as { router: { stack: Layer[] } };
  await app.close();
  return router.stack.map((layer) => layer.name);
}

interface Layer {
  readonly name: string;
}

function moduleOf(metadata: ModuleMetadata) {
  @Module({ ...metadata, controllers: [Orders] })
  class AppModule {}
  return AppModule;
}

describe.each([
  ['Fastify', namesOnFastify, ['airlock']],
  ['Express without body parsers', namesOnExpress, []],
] as const)('when a tracer shows what %s runs', (_platform, namesOn, own) => {
  it('finds the functions of the application by their names, and those of Airlock by its own', async () => {
    const without = await namesOn({});
    const names = await namesOn({ imports: [AirlockModule.forRoot()] });
    expect(names.filter((name) => name === 'airlock')).toEqual(own);
    expect(names.filter((name) => name !== 'airlock')).toEqual(without);
  });
});
