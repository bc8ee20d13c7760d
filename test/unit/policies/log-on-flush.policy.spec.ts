import { Logger } from '@nestjs/common';
import { BlockTasks, enqueue, enqueueWith, LogOnFlush, runInScope } from 'nestjs-airlock';
import { checkAfterEach, errorOf, fail, send, sent } from '../core/fixtures.js';

checkAfterEach();

describe('when LogOnFlush applies', () => {
  const lines: string[] = [];
  const logger = { log: (line: string) => void lines.push(line) };
  beforeEach(() => (lines.length = 0));

  it('logs name, id and origin of each intent as it is let out, and lets it out', async () => {
    let id = '';
    await runInScope({ name: 'POST /orders', policy: new LogOnFlush(logger) }, (scope) => {
      enqueueWith({ name: 'Mail.send' }, send, 'a');
      id = scope.intents[0]!.id;
      expect(lines).toEqual([]);
    });
    expect(lines).toEqual([`Letting out Mail.send (${id}) from POST /orders`]);
    expect(sent).toEqual(['a']);
  });

  it('leaves out an origin that is not known', async () => {
    await runInScope({ policy: new LogOnFlush(logger) }, () => enqueue(send, 'a'));
    expect(lines).toEqual([expect.stringMatching(/^Letting out send \(\S+\)$/)]);
  });

  it('never logs arguments', async () => {
    await runInScope({ policy: new LogOnFlush(logger) }, () => enqueue(send, 'secret'));
    expect(lines.join()).not.toContain('secret');
    expect(sent).toEqual(['secret']);
  });

  it('logs nothing for what the outcome or a policy further in drops', async () => {
    const policy = [new BlockTasks(['send']), new LogOnFlush(logger)];
    await runInScope({ policy }, () => enqueue(send, 'a'));
    await errorOf(() =>
      runInScope({ policy: new LogOnFlush(logger) }, () => (enqueue(send, 'b'), fail('work'))),
    );
    expect(lines).toEqual([]);
  });

  it('uses the logger of Nest where none is given', async () => {
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => {});
    try {
      await runInScope({ policy: LogOnFlush }, () => enqueue(send, 'a'));
      expect(log).toHaveBeenCalledTimes(1);
      expect(log).toHaveBeenCalledWith(expect.stringMatching(/^Letting out send/));
    } finally {
      log.mockRestore();
    }
  });
});
