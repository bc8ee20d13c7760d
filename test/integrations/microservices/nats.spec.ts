import { describeWith } from '../../servers.js';
import { Line } from '../line.js';
import { Bench, carriers, Mail, within } from './fixtures.js';

const carrier = carriers.nats;

describeWith(carrier.server, 'Effects over NATS', () => {
  const bench = new Bench(carrier);

  describe('when the server does not answer', () => {
    it('says that it does not know, although the client takes messages at once', async () => {
      const line = new Line(carrier.server);
      await line.mend();
      const producer = await bench.producer({
        url: line.url,
        micro: { client: 'BROKER', dispatchTimeoutMs: 1_000 },
      });
      line.freeze();
      const flushing = within(producer, () => producer.get(Mail).send('a'));
      await expect(flushing).rejects.toMatchObject({
        failures: [{ error: { code: 'AIRLOCK_ENGINE_UNREACHABLE', delivery: 'unknown' } }],
      });
      line.drop();
      await producer.close();
      await line.cut();
    });
  });
});
