import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DropAll } from 'nestjs-airlock';
import { airlockMatchers, captureEffects, checkForLeaks } from 'nestjs-airlock/testing';
import { AppModule } from './app.module.js';
import { NotifierService } from './notifier.service.js';

expect.extend(airlockMatchers);
// oxlint-disable-next-line typescript/unbound-method -- effects are named by their methods.
const { tell } = NotifierService.prototype;

interface Answer {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string }[];
}

describe('the GraphQL API', () => {
  let app: INestApplication;

  checkForLeaks();
  beforeEach(async () => {
    app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
  });
  afterEach(() => app.close());

  async function ask(query: string): Promise<Answer> {
    const response = await fetch(`${await app.getUrl()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    return (await response.json()) as Answer;
  }

  it('mails a customer whose booking succeeds', async () => {
    const captured = await captureEffects(app, () =>
      ask('mutation { book(customer: "ann", seats: 3) }'),
    );
    expect(captured.result).toEqual({ data: { book: 3 } });
    expect(captured).toHaveDispatched(tell, 'ann', '3 seats are yours');
  });

  it('mails nobody whose booking fails, and still those beside it', async () => {
    const captured = await captureEffects(app, () =>
      ask(
        'mutation { ann: book(customer: "ann", seats: 3) bob: book(customer: "bob", seats: 30) }',
      ),
    );
    expect(captured.result?.errors).toMatchObject([{ message: 'Only 7 seats are left' }]);
    expect(captured).toHaveDispatched(tell, 'ann', '3 seats are yours');
    expect(captured).not.toHaveDispatched(tell, 'bob', expect.any(String));
    expect(captured).toHaveDropped(tell, { reason: 'outcome' });
  });

  it('mails nobody whose booking is imported', async () => {
    const captured = await captureEffects(app, () =>
      ask('mutation { importBooking(customer: "ann", seats: 3) }'),
    );
    expect(captured.result).toEqual({ data: { importBooking: 3 } });
    expect(captured).toHaveDropped(tell, { reason: 'policy', policy: DropAll });
    expect(captured).toHaveNoEffects();
  });

  it('delivers the mails themselves, in order', async () => {
    await ask(
      'mutation { ann: book(customer: "ann", seats: 3) bob: book(customer: "bob", seats: 30) eve: book(customer: "eve", seats: 1) }',
    );
    expect((await ask('{ seatsLeft delivered }')).data).toEqual({
      seatsLeft: 6,
      delivered: ['ann: 3 seats are yours', 'eve: 1 seats are yours'],
    });
  });
});
