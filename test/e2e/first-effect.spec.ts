import { Controller, Get, Module, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { AirlockModule, EffectBuffer, runInScope, enqueue, SideEffect } from 'nestjs-airlock';

it('flushes', async () => {
  const out: number[] = [];
  await runInScope(() => {
    enqueue((n: number) => out.push(n), 1);
    expect(out).toEqual([]);
  });
  expect(out).toEqual([1]);
});

const sent: string[] = [];
@Injectable()
class Mail {
  @SideEffect()
  async send(to: string): Promise<void> {
    sent.push(to);
  }
}
@Controller()
class C {
  constructor(
    private readonly mail: Mail,
    private readonly effects: EffectBuffer,
  ) {}
  @Get()
  async get() {
    await this.mail.send('a');
    this.effects.enqueue(() => sent.push('b'));
    return { sent: [...sent] };
  }
  @Get('fail')
  async fail() {
    await this.mail.send('x');
    throw new Error('no');
  }
}
@Module({ imports: [AirlockModule.forRoot()], controllers: [C], providers: [Mail] })
class App {}
it('nest', async () => {
  const m = await Test.createTestingModule({ imports: [App] }).compile();
  const app = m.createNestApplication();
  await app.init();
  const r = await request(app.getHttpServer()).get('/');
  expect(r.body).toEqual({ sent: [] });
  expect(sent).toEqual(['a', 'b']);
  await request(app.getHttpServer()).get('/fail').expect(500);
  expect(sent).toEqual(['a', 'b']);
  await app.close();
});
