import { forwardRef, Inject, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { AirlockModule, AirlockService, EffectBuffer, SideEffect } from 'nestjs-airlock';
import { mayCallEffects } from '../../../../lib/nest/application/effect-users.js';
import { membersOf } from '../../../../lib/nest/container/providers.js';

class Injecting {
  constructor(@Inject(forwardRef(() => EffectBuffer)) readonly effects: object) {}
}

class Holding {
  @Inject(AirlockService) readonly airlock!: object;
}

class HoldingLate {
  @Inject(forwardRef(() => EffectBuffer)) readonly effects!: object;
}

class Mail {
  @SideEffect()
  async send(): Promise<void> {}
}

class Tools {
  static readonly token = EffectBuffer;
  constructor(@Inject('SETTINGS') readonly settings: object) {}
}

const made = (...inject: unknown[]): Provider => ({
  provide: 'SHOP',
  useFactory: (effects: object) => ({ effects }),
  inject: inject as never[],
});

async function mayCall(provider: Provider): Promise<boolean> {
  const settings = { provide: 'SETTINGS', useValue: {} };
  const app = await Test.createTestingModule({
    imports: [AirlockModule.forRoot()],
    providers: [provider, settings, ...(provider === Tools ? [] : [Tools])],
  }).compile();
  const token: unknown = typeof provider === 'function' ? provider : provider.provide;
  const member = [...membersOf(app.get(ModulesContainer))].find(
    ({ wrapper }) => wrapper.token === token,
  );
  await app.close();
  return mayCallEffects(member!);
}

describe('when a provider is given what buffers effects', () => {
  it.each<[string, Provider]>([
    ['in its constructor, resolved later', Injecting],
    ['in a property', Holding],
    ['in a property, resolved later', HoldingLate],
    ['through a factory', made(EffectBuffer)],
    ['through a factory, where there is one', made({ token: EffectBuffer, optional: true })],
    ['through a factory, resolved later', made(forwardRef(() => AirlockService))],
    [
      'through a factory, resolved later, where there is one',
      made({ token: forwardRef(() => EffectBuffer), optional: true }),
    ],
    ['by nobody, and has effects of its own', Mail],
  ])('may call effects: %s', async (_name, provider) => {
    expect(await mayCall(provider)).toBe(true);
  });

  it.each<[string, Provider]>([
    ['a class', Tools],
    ['what a factory makes', made('SETTINGS', { token: Tools, optional: true })],
  ])('is told from one that is not: %s', async (_name, provider) => {
    expect(await mayCall(provider)).toBe(false);
  });
});
