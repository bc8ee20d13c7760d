import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AirlockService, BlockTasks, SideEffect } from 'nestjs-airlock';
import { AirlockTestingModule, recorderOf } from 'nestjs-airlock/testing';

@Injectable()
class Shipped {
  @SideEffect()
  async tell(): Promise<void> {}
}
// As `static name() { … }` of a class that is written in JavaScript.
Object.defineProperty(Shipped, 'name', { value: () => 'shipped' });

it('boots under policies that name effects, and goes by its methods', async () => {
  const app = await Test.createTestingModule({
    imports: [
      AirlockTestingModule.forRoot({ mode: 'inline', policy: new BlockTasks(['Mail.send']) }),
    ],
    providers: [Shipped],
  }).compile();
  await app.init();
  await app.get(AirlockService).run(() => app.get(Shipped).tell());
  expect(recorderOf(app).dispatched.map(({ name }) => name)).toEqual(['tell']);
  await app.close();
});
