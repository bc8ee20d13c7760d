import { inspect } from 'node:util';
import { ModuleRef } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { AirlockOptionsError } from 'nestjs-airlock';
import { clientBehind } from '../../lib/integrations/client-lookup.js';
import { errorOf } from '../unit/core/fixtures.js';

describe('when a URL is given as the token of a client', () => {
  it.each([
    ['postgres://user:secretpw@host/db', '`postgres://…`'],
    ['redis://:secretpw@host', '`redis://…`'],
    ['mongodb+srv://user:secretpw@host/db', '`mongodb+srv://…`'],
  ])('says so without what may be secret in %s', async (url, shown) => {
    const application = await Test.createTestingModule({}).compile();
    const error = await errorOf<AirlockOptionsError>(() =>
      clientBehind(url, application.get(ModuleRef), 'AirlockKnexModule', 'token'),
    );
    expect(error).toBeInstanceOf(AirlockOptionsError);
    expect(error.message).toContain(`AirlockKnexModule found no provider ${shown}`);
    expect(inspect(error)).not.toContain('secretpw');
    await application.close();
  });
});
