import { Injectable } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { Airlock, AirlockModule, SideEffect } from 'nestjs-airlock';

/**
 * Marks the method below it and puts a wrapper before it that inherits from it, as libraries of
 * aspects do: they find the mark by the prototype of the wrapper.
 */
function Marked(): MethodDecorator {
  return (_target, _key, descriptor) => {
    const original = descriptor.value as unknown as (...args: unknown[]) => unknown;
    Reflect.defineMetadata('mark', 'audited', original);
    const wrapper = function (this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(original, this, args);
    };
    Object.setPrototypeOf(wrapper, original);
    descriptor.value = wrapper as never;
  };
}

@Injectable()
class OrderService {
  @SideEffect()
  @Marked()
  async sendReceipt(): Promise<void> {}

  @Airlock()
  @Marked()
  async place(): Promise<void> {}

  @OnEvent('order.placed')
  @Marked()
  async told(): Promise<void> {}

  @SideEffect()
  async unmarked(): Promise<void> {}
}

describe('when a library marks methods below decorators of Airlock', () => {
  it('finds its marks on the methods of a running application', async () => {
    const module = await Test.createTestingModule({
      imports: [AirlockModule.forRoot(), EventEmitterModule.forRoot()],
      providers: [OrderService],
    }).compile();
    const app = module.createNestApplication();
    await app.init();

    const orders = app.get(OrderService);
    const markOn = (name: keyof OrderService): unknown => Reflect.getMetadata('mark', orders[name]);

    expect(markOn('sendReceipt')).toBe('audited');
    expect(markOn('place')).toBe('audited');
    expect(markOn('told')).toBe('audited');
    expect(markOn('unmarked')).toBeUndefined();
    await app.close();
  });
});
