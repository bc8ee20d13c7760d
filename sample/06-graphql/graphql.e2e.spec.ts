import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

interface Answer {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string }[];
}

describe('the GraphQL API', () => {
  let app: INestApplication;

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
  const delivered = async (): Promise<unknown> => (await ask('{ delivered }')).data?.delivered;

  it('mails a customer whose booking succeeds', async () => {
    expect(await ask('mutation { book(customer: "ann", seats: 3) }')).toEqual({ data: { book: 3 } });
    expect(await delivered()).toEqual(['ann: 3 seats are yours']);
  });

  it('mails nobody whose booking fails, and still those beside it', async () => {
    const { errors } = await ask(
      'mutation { ann: book(customer: "ann", seats: 3) bob: book(customer: "bob", seats: 30) eve: book(customer: "eve", seats: 1) }',
    );
    expect(errors).toMatchObject([{ message: 'Only 7 seats are left' }]);
    expect(await delivered()).toEqual(['ann: 3 seats are yours', 'eve: 1 seats are yours']);
  });

  it('mails nobody whose booking is imported', async () => {
    await ask('mutation { importBooking(customer: "ann", seats: 3) }');
    expect((await ask('{ seatsLeft delivered }')).data).toEqual({ seatsLeft: 7, delivered: [] });
  });
});
