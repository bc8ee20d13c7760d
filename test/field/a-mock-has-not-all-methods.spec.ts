import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { AirlockModule, type AirlockModuleOptions, AirlockService } from 'nestjs-airlock';
import { checkAfterEach, Log } from '../e2e/http/fixtures.js';

@Injectable()
class Mailer {
  async send(_to: string): Promise<void> {}
  async sendTemplate(_to: string): Promise<void> {}
}

const provider = { token: Mailer, methods: ['send', 'sendTemplate'] };

describe('when a test replaces a provider by a mock of the methods that it needs', () => {
  checkAfterEach();

  async function started(options: AirlockModuleOptions, mailer: object): Promise<TestingModule> {
    const compiled = await Test.createTestingModule({
      imports: [AirlockModule.forRoot(options)],
      providers: [Mailer],
    })
      .overrideProvider(Mailer)
      .useValue(mailer)
      .setLogger(new Log())
      .compile();
    return compiled.init();
  }

  it('intercepts those', async () => {
    const send = jest.fn();
    const app = await started({ intercept: [provider] }, { send });
    await app.get(AirlockService).run(async () => {
      await app.get(Mailer).send('ann');
      expect(send).not.toHaveBeenCalled();
    });
    expect(send).toHaveBeenCalledWith('ann');
    expect(app.get(Mailer)).not.toHaveProperty('sendTemplate');
    await app.close();
  });

  it('watches those for escapes', async () => {
    const send = jest.fn();
    const app = await started({ detectEscapes: { mode: 'throw', watch: [provider] } }, { send });
    await app.get(AirlockService).run(() => {
      expect(() => app.get(Mailer).send('ann')).toThrow('Mailer');
    });
    expect(send).not.toHaveBeenCalled();
    await app.close();
  });
});
