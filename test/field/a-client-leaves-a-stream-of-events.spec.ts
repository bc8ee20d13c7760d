import { Controller, type MessageEvent, Sse } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import { get } from 'node:http';
import { finalize, interval, map, type Observable } from 'rxjs';
import {
  checkAfterEach,
  Effects,
  moduleOf,
  platforms,
  serve,
  until,
} from '../e2e/http/fixtures.js';

let hasEnded = false;

@Controller()
class FeedController {
  constructor(private readonly effects: Effects) {}
  @Sse('feed')
  feed(): Observable<MessageEvent> {
    this.effects.all();
    return interval(5).pipe(
      map((count) => ({ data: { count } })),
      finalize(() => {
        hasEnded = true;
        // Called from the socket, which knows of no request.
        this.effects.one('ordinary');
        this.effects.one('left', 'always');
      }),
    );
  }
}

const feed = moduleOf({ imports: [AirlockModule.forRoot()], controllers: [FeedController] });

describe.each(platforms)('on %s, when a client leaves a stream of events', (_name, platform) => {
  checkAfterEach();

  it('takes what finalize calls as part of the cancelled work', async () => {
    hasEnded = false;
    const server = await serve(platform, feed);
    const request = get(`${await server.app.getUrl()}/feed`, (response) => {
      response.on('error', () => {}).once('data', () => request.destroy());
    });
    request.on('error', () => {});
    await until(() => hasEnded);
    const { out, dropped } = await server.fate();
    expect([out, dropped]).toEqual([
      ['always', 'left'],
      ['success', 'failure', 'ordinary'],
    ]);
    expect(server.log.airlock('error')).toEqual([]);
  });
});
