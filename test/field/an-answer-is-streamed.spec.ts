import { Controller, Get, Res, StreamableFile, UseInterceptors } from '@nestjs/common';
import { Airlock, DropAll, UseAirlockPolicy } from 'nestjs-airlock';
import { createReadStream } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { PassThrough, Readable, Transform } from 'node:stream';
import { map } from 'rxjs';
import {
  CANCELLED,
  checkAfterEach,
  COMPLETED,
  delay,
  Effects,
  FAILED,
  gate,
  listen,
  platforms,
  type Reply,
} from '../e2e/http/fixtures.js';

let endless = new PassThrough();
let torn = gate();

/** Replaces the answer, as an interceptor that compresses or converts does. */
class Convert {
  intercept(_: unknown, next: { handle(): import('rxjs').Observable<StreamableFile> }) {
    return next
      .handle()
      .pipe(map((file) => new StreamableFile(file.getStream().pipe(new PassThrough()))));
  }
}

/** Reports that are made while they are sent. */
@Controller()
class ReportsController {
  constructor(private readonly effects: Effects) {}

  @Get('end')
  end(): StreamableFile {
    const file = createReadStream(__filename);
    file.once('end', () => this.effects.all());
    return new StreamableFile(file);
  }

  @Get('converted')
  @UseInterceptors(Convert)
  converted(): StreamableFile {
    return this.end();
  }

  @Get('transform')
  transform(): StreamableFile {
    const rows = new Transform({
      transform: (row, _encoding, done) => {
        setTimeout(done, 1, null, row);
      },
      flush: (done) => {
        this.effects.all();
        done();
      },
    });
    return new StreamableFile(createReadStream(__filename).pipe(rows));
  }

  @Get('generator')
  generator(): StreamableFile {
    return new StreamableFile(Readable.from(this.rows()));
  }

  @Get('generator-dry')
  @UseAirlockPolicy(DropAll)
  generatorDry(): StreamableFile {
    return this.generator();
  }

  @Get('end-dry')
  @UseAirlockPolicy(DropAll)
  endDry(): StreamableFile {
    return this.end();
  }

  @Get('nested')
  nested(): StreamableFile {
    const file = createReadStream(__filename);
    file.once('end', () => void this.count());
    return new StreamableFile(file);
  }

  @Get('missing')
  missing(): StreamableFile {
    const file = createReadStream(`${__filename}.missing`);
    file.once('error', () => this.effects.all());
    return new StreamableFile(file);
  }

  @Get('endless')
  endless(@Res({ passthrough: true }) res: Reply & { raw?: import('node:http').ServerResponse }) {
    const raw = (res.raw ?? res) as import('node:http').ServerResponse;
    raw.once('close', () => torn.open());
    endless.write('row\n');
    endless.once('data', () => this.effects.all());
    return new StreamableFile(endless);
  }

  @Airlock()
  async count(): Promise<void> {
    await Promise.resolve();
    this.effects.all();
  }

  private async *rows(): AsyncGenerator<string> {
    yield 'row\n';
    await delay(1);
    this.effects.all();
    yield 'row\n';
  }
}

const parts = { controllers: [ReportsController] };

beforeEach(() => {
  endless = new PassThrough();
  torn = gate();
});
checkAfterEach();

describe.each(platforms)('on %s', (_, platform) => {
  describe.each(['beforeResponse', 'afterResponse'] as const)(
    'when an answer is made while it is sent, under %s',
    (dispatch) => {
      const start = () => listen(platform, parts, { dispatch });

      it.each(['end', 'converted', 'transform', 'generator', 'nested'])(
        'ends what that calls with the response: %s',
        async (path) => {
          const server = await start();
          expect((await server.request(`/${path}`)).status).toBe(200);
          expect(await server.fate()).toEqual(COMPLETED);
          expect(server.log.airlock('error')).toEqual([]);
        },
      );

      it.each(['generator-dry', 'end-dry'])(
        'keeps the policies of the handler: %s',
        async (path) => {
          const server = await start();
          await server.request(`/${path}`);
          expect((await server.fate()).out).toEqual([]);
        },
      );

      it('has failed by a status that the stream comes to', async () => {
        const server = await start();
        expect((await server.request('/missing')).status).toBeGreaterThanOrEqual(400);
        expect(await server.fate()).toEqual(FAILED);
      });

      it('is cancelled by a client that leaves', async () => {
        const server = await start();
        const client = get(`${server.url}/endless`);
        const [answer] = (await once(client, 'response')) as [IncomingMessage];
        await once(answer, 'data');
        client.on('error', () => {});
        answer.on('error', () => {});
        client.destroy();
        await torn.passed;
        endless.end();
        expect(await server.fate()).toEqual(CANCELLED);
      });
    },
  );

  it('does so where the scope is open around the handler alone', async () => {
    const server = await listen(platform, parts, { boundaries: { http: { openAt: 'handler' } } });
    await server.request('/transform');
    expect(await server.fate()).toEqual(COMPLETED);
    expect(server.log.airlock('error')).toEqual([]);
  });
});
