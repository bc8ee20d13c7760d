import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AirlockModule,
  AirlockService,
  EffectBuffer,
  type ExecutorRef,
  InProcessExecutor,
  type Intent,
  SideEffect,
} from 'nestjs-airlock';

interface Mail {
  to: string;
  lines: { text: string }[];
}

class Attachment {
  constructor(public size: number) {}
}

const mailed: string[] = [];

@Injectable()
class MailService {
  @SideEffect()
  async send(mail: Mail): Promise<void> {
    mailed.push(`${mail.to}: ${mail.lines.map(({ text }) => text).join()}`);
  }

  @SideEffect()
  async attach(file: Attachment, receipt: (size: number) => void): Promise<void> {
    receipt(file.size);
  }
}

/** Leaves the process as a queue does, and comes back to the same effect. */
class ThroughJson {
  readonly remote = true;
  execute({ effect, args }: Intent): unknown {
    return effect(...(JSON.parse(JSON.stringify(args)) as unknown[]));
  }
}

async function applicationWith(
  executor: ExecutorRef,
): Promise<{ airlock: AirlockService; mail: MailService; effects: EffectBuffer }> {
  const module = await Test.createTestingModule({
    imports: [AirlockModule.forRoot({ executor })],
    providers: [MailService],
  })
    .setLogger(false as never)
    .compile();
  await module.init();
  return {
    airlock: module.get(AirlockService),
    mail: module.get(MailService),
    effects: module.get(EffectBuffer),
  };
}

beforeEach(() => {
  mailed.length = 0;
});

describe.each<[string, ExecutorRef]>([
  ['run in this process', InProcessExecutor],
  ['run by a function', ({ effect, args }: Intent) => effect(...args)],
  ['leave the process', new ThroughJson()],
])('when effects %s', (_, executor) => {
  it('mails each user, although one message object is changed and sent again in a loop', async () => {
    const { airlock, mail } = await applicationWith(executor);
    const message: Mail = { to: '', lines: [{ text: 'hello' }] };
    await airlock.run(async () => {
      for (const to of ['ada', 'bob', 'eve']) {
        message.to = to;
        await mail.send(message);
      }
      message.lines[0]!.text = 'too late';
      message.lines.push({ text: 'later still' });
    });
    expect(mailed).toEqual(['ada: hello', 'bob: hello', 'eve: hello']);
  });

  it('hands over what was said to a function and to a deferred method as well', async () => {
    const { airlock, effects } = await applicationWith(executor);
    const seen: unknown[] = [];
    const audit = { write: (entry: { step: number }) => void seen.push(entry.step) };
    const entry = { step: 1 };
    await airlock.run(() => {
      effects.enqueue((given: { step: number }) => void seen.push(given.step), entry);
      effects.defer(audit).write(entry);
      entry.step = 2;
    });
    expect(seen).toEqual([1, 1]);
  });
});

describe('when an argument is an instance or a function, in this process', () => {
  it('hands over itself', async () => {
    const { airlock, mail } = await applicationWith(InProcessExecutor);
    const sizes: number[] = [];
    const file = new Attachment(1);
    await airlock.run(async () => {
      await mail.attach(file, (size) => sizes.push(size));
      file.size = 2;
    });
    expect(sizes).toEqual([2]);
  });
});
