import {
  type CanActivate,
  Controller,
  Get,
  HttpCode,
  Injectable,
  Param,
  Post,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Airlock, BlockTasks, SideEffect, SkipAirlock, UseAirlockPolicy } from 'nestjs-airlock';
import { checkAfterEach, Effects, listen, platforms } from '../../../e2e/http/fixtures.js';

const [, express] = platforms[0]!;
const guarded: string[] = [];

@Injectable()
class NotingGuard implements CanActivate {
  canActivate(): boolean {
    guarded.push('asked');
    return true;
  }
}

@Controller()
class Orders {
  constructor(private readonly effects: Effects) {}

  @Get('above/:id')
  @HttpCode(202)
  @UseGuards(NotingGuard)
  @SetMetadata('role', 'admin')
  @UseAirlockPolicy(new BlockTasks(['blocked']))
  @Airlock()
  async above(@Param('id') id: string): Promise<string> {
    return this.work(id);
  }

  @Airlock()
  @UseAirlockPolicy(new BlockTasks(['blocked']))
  @SetMetadata('role', 'admin')
  @UseGuards(NotingGuard)
  @HttpCode(202)
  @Get('below/:id')
  async below(@Param('id') id: string): Promise<string> {
    return this.work(id);
  }

  @Airlock()
  @Post('skipped')
  @SkipAirlock()
  async skipped(): Promise<string> {
    return this.work('own scope');
  }

  private async work(id: string): Promise<string> {
    for (const name of ['blocked', 'free']) this.effects.one(name);
    return Promise.resolve(`order ${id}`);
  }
}

class Bare {
  @SetMetadata('role', 'above')
  @SideEffect()
  async above(_to: string, _subject: string): Promise<void> {}
  @SideEffect()
  @SetMetadata('role', 'below')
  async below(_to: string, _subject: string): Promise<void> {}
  @Airlock()
  @SideEffect()
  async both(_to: string): Promise<void> {}
}

checkAfterEach();
beforeEach(() => guarded.splice(0));

describe('when decorators stand above or below those of Airlock', () => {
  it.each(['above', 'below'] as const)(
    'obeys the ones %s: route, status, guard, parameter, policy',
    async (where) => {
      const server = await listen(express, { controllers: [Orders], providers: [NotingGuard] });
      expect(await server.request(`/${where}/7`)).toMatchObject({ status: 202, body: 'order 7' });
      expect(guarded).toEqual(['asked']);
      expect(await server.fate()).toEqual({ out: ['free'], dropped: ['blocked'] });
    },
  );

  it.each(['above', 'below'] as const)('lets a Reflector read the metadata set %s', (where) => {
    expect(new Reflector().get('role', Orders.prototype[where])).toBe('admin');
    expect(new Reflector().get('role', Bare.prototype[where])).toBe(where);
    expect(Reflect.getMetadata('design:paramtypes', Bare.prototype, where)).toEqual([
      String,
      String,
    ]);
  });

  it('keeps the method name and its number of parameters', () => {
    const { above, below, both } = Bare.prototype as unknown as Record<
      string,
      (this: void) => void
    >;
    expect([above, below, both].map((method) => [method?.name, method?.length])).toEqual([
      ['above', 2],
      ['below', 2],
      ['both', 1],
    ]);
  });

  it('leaves the property as enumerable and writable as a method is', () => {
    expect(Object.getOwnPropertyDescriptor(Bare.prototype, 'above')).toMatchObject({
      enumerable: false,
      writable: true,
      configurable: true,
    });
  });

  it('opens a scope for @Airlock() where @SkipAirlock() keeps the boundary away', async () => {
    const server = await listen(express, { controllers: [Orders], providers: [NotingGuard] });
    expect((await server.request('/skipped', { method: 'POST' })).status).toBe(201);
    expect(await server.fate()).toEqual({ out: ['blocked', 'free'], dropped: [] });
  });
});
