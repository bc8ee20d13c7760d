import { NestFactory } from '@nestjs/core';
import { AirlockModule } from 'nestjs-airlock';
import { closeOnSignal } from './shutdown.js';

const listeners = (): readonly number[] =>
  ['SIGINT', 'SIGTERM'].map((signal) => process.listenerCount(signal));

async function open() {
  const module = { module: class {}, imports: [AirlockModule.forRoot()] };
  return (await NestFactory.create(module, { logger: false })).init();
}

afterEach(() => jest.restoreAllMocks());

describe('when a signal closes the shop', () => {
  it('leaves a second one, of either kind, to Node, which ends the process', async () => {
    const said = jest.spyOn(console, 'log').mockReturnValue();
    const before = listeners();
    closeOnSignal(await open());
    expect(listeners()).toEqual(before.map((count) => count + 1));
    process.emit('SIGINT');
    expect(listeners()).toEqual(before);
    while (!said.mock.calls.some(([text]) => /^Closed after/.test(String(text))))
      await new Promise(setImmediate);
  });

  it('says so where that fails, and ends the process', async () => {
    jest.spyOn(console, 'log').mockReturnValue();
    const said = jest.spyOn(console, 'error').mockReturnValue();
    const app = await open();
    const status = new Promise((resolve) => {
      jest.spyOn(process, 'exit').mockImplementation((code) => resolve(code) as never);
    });
    const close = () => Promise.reject(new Error('will not go'));
    closeOnSignal(Object.create(app, { close: { value: close } }));
    process.emit('SIGTERM');
    expect(await status).toBe(1);
    expect(said.mock.calls).toEqual([
      ['The shop could not be closed:', expect.objectContaining({ message: 'will not go' })],
    ]);
    await app.close();
  });
});
