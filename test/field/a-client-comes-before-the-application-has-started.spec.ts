import { Inject, Injectable, Module, type NestModule } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AirlockModule, EffectBuffer, type Intent, type Policy } from 'nestjs-airlock';
import { checkAfterEach, Effects, moduleOf, serve, until } from '../e2e/http/fixtures.js';
import { adapters } from '../integrations/ws/sockets.js';
import { freePort } from '../own-servers/own.server.js';

// A gateway with a port of its own takes clients as soon as Nest has connected it, which is before
// modules are initialised, and so before classes of policies are built.

checkAfterEach();

@Injectable()
class NotAlways implements Policy {
  constructor(@Inject(EffectBuffer) readonly effects: EffectBuffer) {}
  allows(intent: Intent): boolean {
    return intent.name !== 'always';
  }
}

describe.each(adapters)(
  'when a client of %s comes before the application has started',
  (_name, sockets) => {
    it('is served as without Airlock, and policies bind what later ones call', async () => {
      const port = await freePort();
      const connect = async () => sockets.connect(`ws://127.0.0.1:${port}`);
      const seen: string[] = [];
      let isStarted = false;

      @WebSocketGateway(port)
      class Presence {
        constructor(@Inject(Effects) private readonly effects: Effects) {}
        handleConnection(): void {
          seen.push('comes');
          if (isStarted) this.effects.all();
        }
        @SubscribeMessage('hello')
        hello(): void {
          seen.push('hello');
        }
      }
      const place = moduleOf({
        imports: [AirlockModule.forRoot({ policy: NotAlways })],
        providers: [Presence],
      });
      // Nest calls `configure` between the two.
      @Module({ imports: [place] })
      class Early implements NestModule {
        async configure(): Promise<void> {
          const client = await connect();
          client.send('hello', {});
          await until(() => seen.length === 2);
          client.close();
        }
      }
      const { sent, fate } = await serve(
        () => new ExpressAdapter(),
        Early,
        (app) => app.useWebSocketAdapter(sockets.adapter(app)),
      );
      expect(seen).toEqual(['comes', 'hello']);
      isStarted = true;
      const client = await connect();
      await until(() => sent.length === 1);
      expect(await fate()).toEqual({ out: ['success'], dropped: ['failure', 'always'] });
      client.close();
    });
  },
);
