import {
  type CanActivate,
  Controller,
  Get,
  Injectable,
  Module,
  Post,
  type Type,
  VersioningType,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { AirlockModule, AirlockOptionsError } from 'nestjs-airlock';
import { AirlockInspectorModule, type AirlockInspectorOptions } from 'nestjs-airlock/inspector';
import { checkAfterEach, Outbox, platforms, serve } from '../../e2e/http/fixtures.js';
import { shop } from './shop.js';

checkAfterEach();

@Injectable()
class Anyone implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

/** A guard that takes something which nothing says how to get. */
class Puzzling extends Anyone {
  constructor(readonly secret: string) {
    super();
  }
}

@Controller()
class Pages {
  @Get('airlock')
  airlock(): string {
    return 'ours';
  }
}

@Controller('Airlock/state')
class State {
  @Get()
  index(): string {
    return 'ours';
  }
}

@Controller('airlock')
class Beside {
  @Get(':id')
  one(): string {
    return 'ours';
  }

  @Post()
  make(): void {}
}

@Controller({ path: 'airlock', version: '2' })
class Versioned {
  @Get()
  index(): string {
    return 'version 2';
  }
}

@Module({ controllers: [Pages] })
class PagesModule {}

describe.each(platforms)('the inspector at the boot of an application on %s', (_, platform) => {
  const refusalOf = async (module: Type): Promise<AirlockOptionsError> =>
    serve(platform, module).then(
      () => {
        throw new Error('It has booted.');
      },
      (error: unknown) => {
        expect(error).toBeInstanceOf(AirlockOptionsError);
        return error as AirlockOptionsError;
      },
    );

  describe('when a route has its path already', () => {
    it.each([
      ['the page', Pages, 'Pages.airlock answers GET /airlock'],
      ['its state', State, 'State.index answers GET /airlock/state'],
    ])('refuses that of %s, and says whose it is', async (_what, controller, told) => {
      const { key, message } = await refusalOf(shop({}, { controllers: [controller] }));
      expect(key).toBe('path');
      expect(message).toContain(told);
      expect(message).toContain("path: 'internal/airlock'");
    });

    it('boots where the path is another one, or the route is of another kind, version or module path', async () => {
      const controllers = [Beside, Versioned];
      const imports = [
        PagesModule,
        RouterModule.register([{ path: 'pages', module: PagesModule }]),
      ];
      const { request } = await serve(platform, shop({}, { controllers, imports }), (app) => {
        app.enableVersioning({ type: VersioningType.URI });
      });
      expect((await request('/airlock')).body).toContain('<!doctype html>');
      expect((await request('/v2/airlock')).body).toBe('version 2');
      expect((await request('/pages/airlock')).body).toBe('ours');
    });
  });

  describe('when NODE_ENV is production', () => {
    const { NODE_ENV } = process.env;
    beforeEach(() => void (process.env.NODE_ENV = 'production'));
    afterEach(() => void (process.env.NODE_ENV = NODE_ENV));

    it('refuses to be there without a guard', async () => {
      const { key, message } = await refusalOf(shop());
      expect(key).toBe('guards');
      expect(message).toContain('NODE_ENV=production');
      expect((await refusalOf(shop({ guards: [] }))).key).toBe('guards');
    });

    it('boots with one', async () => {
      const { request } = await serve(platform, shop({ guards: [Anyone] }));
      expect((await request('/airlock')).status).toBe(200);
    });
  });

  describe('when a guard cannot be resolved', () => {
    it('names it and where it stands', async () => {
      const { message } = await refusalOf(shop({ guards: [Puzzling] }));
      expect(message).toContain('`guards` of AirlockInspectorModule');
      expect(message).toContain('Puzzling');
    });
  });

  describe('when options come from a factory', () => {
    it('takes path and guards from it', async () => {
      const { request } = await serve(
        platform,
        withAsync({ path: 'ops', guards: [{ canActivate: () => true }] }),
      );
      expect((await request('/ops/state')).status).toBe(200);
      expect((await request('/airlock/state')).status).toBe(404);
    });

    it('checks them when they have arrived', async () => {
      expect((await refusalOf(withAsync({ capacity: 0 }))).key).toBe('capacity');
    });
  });

  describe('when AirlockModule is not imported', () => {
    it('says that there is nothing to look into', async () => {
      class Bare {}
      Module({ imports: [AirlockInspectorModule.forRoot()] })(Bare);
      expect((await refusalOf(Bare)).message).toContain('import `AirlockModule.forRoot()`');
    });
  });

  describe('when it is imported twice', () => {
    it('refuses that', async () => {
      const { message } = await refusalOf(
        shop({}, { imports: [AirlockInspectorModule.forRoot({ path: 'again' })] }),
      );
      expect(message).toContain('imported 2 times');
    });
  });
});

describe('AirlockInspectorModule.forRoot', () => {
  it.each([
    [{ capacity: 0 }, 'capacity'],
    [{ capacity: 10_001 }, 'capacity'],
    [{ capacity: 1.5 }, 'capacity'],
    [{ path: '' }, 'path'],
    [{ path: 'a/:id' }, 'path'],
    [{ path: '*' }, 'path'],
    [{ guards: Anyone }, 'guards'],
    [{ guards: [{}] }, 'guards'],
    [{ redact: true }, 'redact'],
    [{ redactError: true }, 'redactError'],
    [{ readOnly: 'yes' }, 'readOnly'],
    [{ version: [] }, 'version'],
    [{ pathh: 'x' }, 'pathh'],
  ])('refuses %j', (options, key) => {
    expect(() => AirlockInspectorModule.forRoot(options as never)).toThrow(
      expect.objectContaining({ name: 'AirlockOptionsError', key }),
    );
  });

  it.each([
    {},
    { capacity: 1 },
    { capacity: 10_000 },
    { path: '/ops/airlock/' },
    { guards: undefined },
  ])('takes %j', (options) => {
    expect(() => AirlockInspectorModule.forRoot(options)).not.toThrow();
  });
});

function withAsync(options: AirlockInspectorOptions): Type {
  class App {}
  const inspector = AirlockInspectorModule.forRootAsync({
    useFactory: () => Promise.resolve(options),
  });
  Module({ imports: [AirlockModule.forRoot(), inspector], providers: [Outbox] })(App);
  return App;
}
