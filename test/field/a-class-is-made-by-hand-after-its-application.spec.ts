import { Controller, Get, Inject, Injectable, Scope } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Airlock, AirlockModule, SideEffect } from 'nestjs-airlock';
import { captureEffects } from 'nestjs-airlock/testing';
import { checkAfterEach, Log } from '../e2e/http/fixtures.js';
import { mockOf } from './mock-of.js';

@Injectable()
class Mailer {
  @SideEffect()
  async mail(): Promise<void> {}

  @Airlock()
  async mailAll(): Promise<void> {
    await this.mail();
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @SideEffect()
  async mail(): Promise<void> {}
}

@Controller()
class ShopController {
  constructor(
    @Inject(Mailer) readonly mailer: Mailer,
    @Inject(PerRequest) readonly perRequest: PerRequest,
  ) {}

  @Get()
  place(): void {}
}

describe('when an application has ended, and a test makes objects of its classes by hand', () => {
  checkAfterEach();

  beforeAll(async () => {
    const compiled = await Test.createTestingModule({
      imports: [AirlockModule.forRoot()],
      controllers: [ShopController],
      providers: [Mailer, PerRequest],
    })
      .overrideProvider(Mailer)
      .useValue(mockOf<Mailer>())
      .setLogger(new Log())
      .compile();
    await compiled.init();
    await compiled.close();
  });

  it('captures the effects of a class that the application had a mock of', async () => {
    const { error, effects } = await captureEffects(() => new Mailer().mail());
    expect(error).toBeUndefined();
    expect(effects.map(({ name }) => name)).toEqual(['Mailer.mail']);
  });

  it('opens the scope of a method of that class', async () => {
    const { error, effects } = await captureEffects(() => new Mailer().mailAll());
    expect(error).toBeUndefined();
    expect(effects.map(({ name }) => name)).toEqual(['Mailer.mail']);
  });

  it('captures the effects of a class that the application made for each request', async () => {
    const { error, effects } = await captureEffects(() => new PerRequest().mail());
    expect(error).toBeUndefined();
    expect(effects.map(({ name }) => name)).toEqual(['PerRequest.mail']);
  });
});
