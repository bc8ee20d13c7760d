import {
  Controller,
  Inject,
  Injectable,
  Post,
  UploadedFile,
  UseInterceptors,
} from '@nestjs/common';
import { ExpressAdapter, FileInterceptor } from '@nestjs/platform-express';
import { DropAll, UseAirlockPolicy } from 'nestjs-airlock';
import type { Readable } from 'node:stream';
import { checkAfterEach, Effects, listen } from '../e2e/http/fixtures.js';

type Stored = (error: null, file?: { readonly size: number }) => void;

/** A storage engine of multer's: called where the parts of the request come in. */
@Injectable()
class Storage {
  static current: Storage;
  constructor(@Inject(Effects) private readonly effects: Effects) {
    Storage.current = this;
  }
  store(stream: Readable, stored: Stored): void {
    let size = 0;
    stream.on('data', (chunk: Buffer) => (size += chunk.length));
    stream.on('end', () => {
      this.effects.one(`${size} bytes`);
      setImmediate(() => {
        this.effects.one('stored');
        stored(null, { size });
      });
    });
  }
}

const storage = {
  _handleFile: (_request: unknown, { stream }: { readonly stream: Readable }, stored: Stored) =>
    Storage.current.store(stream, stored),
  _removeFile: (_request: unknown, _file: unknown, removed: (error: null) => void) => removed(null),
};

@Controller()
class UploadController {
  constructor(private readonly effects: Effects) {}
  @Post('upload')
  @UseInterceptors(FileInterceptor('file', { storage } as never))
  upload(@UploadedFile() { size }: { readonly size: number }): string {
    this.effects.one('handler');
    return `${size}`;
  }
  @Post('fails')
  @UseInterceptors(FileInterceptor('file', { storage } as never))
  fails(): never {
    throw new Error('no such album');
  }
  @Post('quiet')
  @UseAirlockPolicy(DropAll)
  @UseInterceptors(FileInterceptor('file', { storage } as never))
  quiet(): string {
    return 'quiet';
  }
}

describe('when a storage engine calls effects while an upload comes in', () => {
  checkAfterEach();

  it.each([
    ['/upload', 201, ['300000 bytes', 'stored', 'handler'], []],
    ['/fails', 500, [], ['300000 bytes', 'stored']],
    ['/quiet', 201, [], ['300000 bytes', 'stored']],
  ])('takes them as part of the request, under its policies: %s', async (path, status, ...fate) => {
    const server = await listen(() => new ExpressAdapter(), {
      controllers: [UploadController],
      providers: [Storage],
    });
    const body = new FormData();
    body.append('file', new Blob(['x'.repeat(300_000)]), 'photo.raw');
    expect((await server.request(path, { method: 'POST', body })).status).toBe(status);
    const { out, dropped } = await server.fate();
    expect([out, dropped]).toEqual(fate);
    expect(server.log.airlock('error')).toEqual([]);
  });
});
