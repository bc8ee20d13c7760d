import { drain, waitForEffect } from 'nestjs-airlock/testing';
import { checkAfterEach, COMPLETED, delay, FAILED, until } from '../../e2e/http/fixtures.js';
import { describeWith, rabbitmq } from '../../servers.js';
import { arriving, closeAfterEach, start, wireTo } from './service.js';
import { overNats, overRabbitmq, overRedis, tcp } from './transports.js';

checkAfterEach();
closeAfterEach();

for (const transport of [overRedis, overNats, overRabbitmq]) {
  describeWith(transport.broker!, `over ${transport.name}`, () => {
    describe('when the connection breaks while a handler is at work', () => {
      it.each([
        ['completed', false, COMPLETED],
        ['failed', true, FAILED],
      ] as const)('lets out what one that has %s lets out, once', async (_outcome, fails, fate) => {
        const wire = await wireTo(transport);
        const service = await start(transport, wire.url);
        const { client, desk, log } = service;
        client.emit(desk.pattern('place'), { fails });
        await until(() => desk.deliveries.length === 1);
        wire.cut();
        await until(() => log.lines.some(({ level }) => level === 'error'));
        desk.deliveries[0]!.letGo();
        await drain(service.app);
        expect(service.fate()).toEqual(fate);
        wire.mend();
        await arriving(client, desk);
        expect(desk.deliveries).toHaveLength(1);
        expect(service.fate()).toEqual(fate);
        expect(log.airlock('error')).toEqual([]);
      });
    });
  });
}

describeWith(rabbitmq, 'over RabbitMQ with acknowledgements', () => {
  describe('when the connection breaks before a message is acknowledged', () => {
    it('drops what the first delivery has called, and lets that of the second one out', async () => {
      const wire = await wireTo(overRabbitmq);
      const service = await start(overRabbitmq, wire.url, true);
      const { client, desk } = service;
      client.emit(desk.pattern('place'), { fails: false });
      await until(() => desk.deliveries.length === 1);
      wire.cut();
      wire.mend();
      await until(() => desk.deliveries.length === 2);
      desk.deliveries[0]!.letGo();
      await waitForEffect(service.app, 'always');
      expect(service.fate()).toEqual(FAILED);
      desk.deliveries[1]!.letGo();
      await drain(service.app);
      expect(service.fate()).toEqual({
        out: [...FAILED.out, ...COMPLETED.out],
        dropped: [...FAILED.dropped, ...COMPLETED.dropped],
      });
    });
  });
});

describe('over TCP', () => {
  describe('when the client leaves while a handler is at work', () => {
    it('lets the effects out once the handler has completed, since Nest does not stop it', async () => {
      const service = await start(tcp);
      const { client, desk } = service;
      client.send(desk.pattern('place'), { fails: false }).subscribe({ error: () => {} });
      await until(() => desk.deliveries.length === 1);
      await client.close();
      desk.deliveries[0]!.letGo();
      await drain(service.app);
      expect(service.fate()).toEqual(COMPLETED);
    });
  });

  describe('when the service closes while a handler is at work', () => {
    it('waits for it, and lets its effects out before it is closed', async () => {
      const { app, client, desk, fate } = await start(tcp);
      client.send(desk.pattern('place'), { fails: false }).subscribe({ error: () => {} });
      await until(() => desk.deliveries.length === 1);
      let isClosed = false;
      const closing = app.close().then(() => (isClosed = true));
      await delay(10);
      expect({ isClosed, ...fate() }).toEqual({ isClosed: false, out: [], dropped: [] });
      desk.deliveries[0]!.letGo();
      await closing;
      expect(fate()).toEqual(COMPLETED);
    });
  });
});
