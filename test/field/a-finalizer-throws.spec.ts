import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Airlock, SideEffect } from 'nestjs-airlock';
import { AirlockTestingModule, checkForLeaks, recorderOf } from 'nestjs-airlock/testing';
import { finalize, lastValueFrom, type Observable, Subject } from 'rxjs';

@Injectable()
class Imports {
  @Airlock()
  rows(source: Observable<number>): Observable<number> {
    void this.tell();
    return source.pipe(
      finalize(() => {
        throw new Error('the file cannot be closed');
      }),
    );
  }

  @SideEffect()
  async tell(): Promise<void> {}
}

checkForLeaks();

describe('when the finalizer of work in a scope throws', () => {
  it.each([
    ['completes', ['Imports.tell']],
    ['fails', []],
  ])('ends the scope all the same where the work %s', async (how, out) => {
    const app = await Test.createTestingModule({
      imports: [AirlockTestingModule.forRoot({ mode: 'inline' })],
      providers: [Imports],
    }).compile();
    await app.init();
    const source = new Subject<number>();
    const rows = lastValueFrom(app.get(Imports).rows(source)).catch(
      (error: Error) => error.message,
    );
    source.next(1);
    // As without a scope: rxjs throws it where the source ends.
    const end = (): void =>
      how === 'fails' ? source.error(new Error('no such row')) : source.complete();
    expect(end).toThrow('the file cannot be closed');
    expect(await rows).toBe(how === 'fails' ? 'no such row' : 1);
    expect(recorderOf(app).dispatched.map(({ name }) => name)).toEqual(out);
    await app.close();
  });
});
