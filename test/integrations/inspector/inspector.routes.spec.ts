import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  VersioningType,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { AirlockService } from 'nestjs-airlock';
import { map, of } from 'rxjs';
import { checkAfterEach, platforms, serve } from '../../e2e/http/fixtures.js';
import { shop } from './shop.js';

checkAfterEach();

const ROUTES = ['', '/state', '/events', '/stuck'];

@Injectable()
class Staff {
  readonly names = ['ada'];
}

@Injectable()
class StaffGuard implements CanActivate {
  constructor(@Inject(Staff) private readonly staff: Staff) {}

  canActivate(context: ExecutionContext) {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    return of(this.staff.names.includes(headers['x-user']!));
  }
}

describe.each(platforms)('the inspector on %s', (_, platform) => {
  describe('when its page is asked for', () => {
    it('sends one file that loads nothing, under a policy that lets its own script and style run', async () => {
      const { request } = await serve(platform, shop());
      const { status, body, headers } = await request('/airlock');
      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('cache-control')).toContain('no-store');
      const policy = headers.get('content-security-policy')!;
      const [, nonce] = /script-src 'nonce-([^']+)'/.exec(policy)!;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(body.match(/<(script|style)[^>]*>/g)).toEqual([
        `<style nonce="${nonce}">`,
        `<script type="module" nonce="${nonce}">`,
      ]);
      expect(body).not.toMatch(/<(script|link|img)[^>]*(src|href)="(?!data:)/);
    });

    it('has another nonce each time', async () => {
      const { request } = await serve(platform, shop());
      const [one, two] = [await request('/airlock'), await request('/airlock')];
      expect(one.headers.get('content-security-policy')).not.toBe(
        two.headers.get('content-security-policy'),
      );
    });
  });

  describe('when it has guards', () => {
    it.each(ROUTES)(
      '%s answers those only whom they let in, and a guard has the providers of its module',
      async (route) => {
        const { request, url } = await serve(
          platform,
          shop({ guards: [StaffGuard] }, { providers: [Staff, StaffGuard] }),
        );
        expect((await request(`/airlock${route}`)).status).toBe(403);
        expect(await statusOf(`${url}/airlock${route}`, { 'x-user': 'ada' })).toBe(
          route === '/stuck' ? 404 : 200,
        );
      },
    );

    it('has Nest build a class that nobody provides, with its dependencies', async () => {
      const { request } = await serve(
        platform,
        shop({ guards: [StaffGuard] }, { providers: [Staff] }),
      );
      expect((await request('/airlock/state')).status).toBe(403);
      expect((await request('/airlock/state', { headers: { 'x-user': 'ada' } })).status).toBe(200);
    });

    it('asks all of them, instances too', async () => {
      const refuse: CanActivate = { canActivate: () => Promise.resolve(false) };
      const { request } = await serve(
        platform,
        shop({ guards: [{ canActivate: () => true }, refuse] }),
      );
      expect((await request('/airlock')).status).toBe(403);
    });
  });

  describe('when the page of another site asks, and the application lets other sites read (`enableCors`)', () => {
    it.each([
      ['/state', 'cross-site', 'cors', 403],
      ['/events', 'same-site', 'cors', 403],
      ['', 'cross-site', 'no-cors', 403],
      ['/state', 'same-origin', 'cors', 200],
      ['', 'none', 'navigate', 200],
      ['', 'cross-site', 'navigate', 200],
    ])('%s answers %s in mode %s with %i', async (route, site, mode, status) => {
      const { url } = await serve(platform, shop(), (app) => app.enableCors());
      // `fetch` sets the mode by itself.
      const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode };
      const asking = get(`${url}/airlock${route}`, { agent: false, headers });
      const [response] = (await once(asking, 'response')) as [IncomingMessage];
      response.destroy();
      expect(response.statusCode).toBe(status);
    });
  });

  describe('when the application has a prefix and versions', () => {
    it('answers below the prefix, under any version', async () => {
      const { request } = await serve(platform, shop({ path: '/internal/airlock/' }), (app) => {
        app.setGlobalPrefix('api');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '2' });
      });
      expect((await request('/api/internal/airlock')).status).toBe(200);
      expect((await request('/api/internal/airlock/state')).status).toBe(200);
      expect((await request('/internal/airlock')).status).toBe(404);
    });

    it('answers under the version that it is given', async () => {
      const { request } = await serve(platform, shop({ version: '1' }), (app) => {
        app.enableVersioning({ type: VersioningType.URI });
      });
      expect((await request('/v1/airlock')).status).toBe(200);
      expect((await request('/airlock')).status).toBe(404);
    });
  });

  describe('when an interceptor wraps every answer in an object', () => {
    it('sends its own as they are', async () => {
      class Envelope implements NestInterceptor {
        intercept(_: ExecutionContext, next: CallHandler) {
          return next.handle().pipe(map((data: unknown) => ({ data })));
        }
      }
      const { request } = await serve(
        platform,
        shop({}, { providers: [{ provide: APP_INTERCEPTOR, useClass: Envelope }] }),
      );
      expect(JSON.parse((await request('/orders')).body)).toEqual({ data: [] });
      expect(JSON.parse((await request('/airlock/state')).body)).toMatchObject({ units: [] });
    });
  });

  describe('when it is asked', () => {
    it('is no unit of work itself', async () => {
      const { app } = await serve(platform, shop());
      const { entryPoints } = app
        .get(AirlockService)
        .explain()
        .boundaries.find(({ name }) => name === 'http')!;
      expect(entryPoints).toContain('OrdersController.place');
      expect(entryPoints.filter((one) => one.startsWith('Inspector'))).toEqual([]);
    });
  });

  describe('when the application has no outbox', () => {
    it('says so where stuck rows are asked for', async () => {
      const { request } = await serve(platform, shop());
      expect(await request('/airlock/stuck')).toMatchObject({
        status: 404,
        body: expect.stringContaining('no outbox'),
      });
      expect(JSON.parse((await request('/airlock/state')).body)).toMatchObject({
        hasOutbox: false,
      });
    });

    it.each([
      [{ readOnly: true }, { 'x-airlock-inspector': 'test' }, 403, 'read-only'],
      [{}, {}, 403, 'x-airlock-inspector'],
      [{}, { 'x-airlock-inspector': 'test' }, 404, 'no outbox'],
    ] as const)(
      'with %j, a retry with the headers %j is answered %i',
      async (options, headers, status, told) => {
        const { request } = await serve(platform, shop(options));
        const answer = await request('/airlock/stuck/7/retry', { method: 'POST', headers });
        expect(answer).toMatchObject({ status, body: expect.stringContaining(told) });
      },
    );
  });
});

/** Without its body: a stream of events does not end. */
async function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  const { status, body } = await fetch(url, { headers });
  await body?.cancel();
  return status;
}
