import { BlockTasks, type EffectScope, enqueue, enqueueWith, openScope } from 'nestjs-airlock';
import { checkAfterEach, send, sent, texts } from '../fixtures.js';

checkAfterEach();

interface Family {
  readonly root: EffectScope;
  readonly child: EffectScope;
}

function family(policy = new BlockTasks([])): Family {
  const root = openScope({ name: 'root', policy });
  const child = root.run(() => openScope({ name: 'child' }));
  child.run(() => enqueue(send, 'child'));
  return { root, child };
}

describe('when a nested scope outlives a parent that flushed', () => {
  it('flushes by itself', async () => {
    const { root, child } = family();
    await root.end('completed');
    expect(sent).toEqual([]);
    child.close();
    const report = await child.flush();
    expect(sent).toEqual(['child']);
    expect(texts(report.dispatched)).toEqual(['child']);
  });

  it('still takes calls until it ends itself', async () => {
    const { root, child } = family();
    await root.end('completed');
    child.run(() => enqueue(send, 'late'));
    await child.end('completed');
    expect(sent).toEqual(['child', 'late']);
  });

  it('flushes under the policies it inherited', async () => {
    const policy = new BlockTasks(['send']);
    const { root, child } = family(policy);
    await root.end('completed');
    const report = await child.end('completed');
    expect(sent).toEqual([]);
    expect(report.dropped.map((dropped) => dropped.policy)).toEqual([policy]);
  });

  it('drops its buffer if it fails itself, and lets out what waited for that', async () => {
    const { root, child } = family();
    child.run(() => enqueueWith({ on: 'failure' }, send, 'sorry'));
    await root.end('completed');
    await child.end('failed');
    expect(sent).toEqual(['sorry']);
  });

  it('hands over what it captured as well', async () => {
    const { root, child } = family();
    const grandchild = child.run(() => openScope());
    grandchild.run(() => enqueue(send, 'grandchild'));
    await root.end('completed');
    await grandchild.end('completed');
    expect(sent).toEqual([]);
    await child.end('completed');
    expect(sent).toEqual(['child', 'grandchild']);
  });
});

describe('when a nested scope outlives a parent that was thrown away', () => {
  it.each([
    ['failed', (root: EffectScope) => root.end('failed')],
    ['was cancelled', (root: EffectScope) => root.end('cancelled')],
    ['was discarded by hand', (root: EffectScope) => (root.close(), root.discard())],
  ])('is discarded, as the parent %s', async (_, end) => {
    const { root, child } = family();
    await end(root);
    const report = await child.end('completed');
    expect(sent).toEqual([]);
    expect(texts(report.dropped.map(({ intent }) => intent))).toEqual(['child']);
  });

  it('is discarded although its opener flushes it', async () => {
    const { root, child } = family();
    await root.end('failed');
    child.close();
    const report = await child.flush();
    expect(sent).toEqual([]);
    expect(texts(report.dropped.map(({ intent }) => intent))).toEqual(['child']);
  });

  it('is thrown away whole, as the parent was by hand', async () => {
    const { root, child } = family();
    child.run(() => enqueueWith({ on: 'always' }, send, 'always'));
    root.close();
    root.discard();
    const report = await child.end('completed');
    expect(sent).toEqual([]);
    expect(report.dropped.map(({ reason }) => reason)).toEqual(['discarded', 'discarded']);
  });

  it('lets out what depends on the failure of its parent', async () => {
    const { root, child } = family();
    child.run(() => enqueueWith({ on: 'failure' }, send, 'sorry'));
    await root.end('failed');
    await child.end('completed');
    expect(sent).toEqual(['sorry']);
  });
});

describe('when its parent has ended and its grandparent is open', () => {
  const three = (): [EffectScope, EffectScope, EffectScope] => {
    const root = openScope({ name: 'root' });
    const middle = root.run(() => openScope({ name: 'middle' }));
    const child = middle.run(() => openScope({ name: 'child' }));
    child.run(() => enqueue(send, 'child'));
    return [root, middle, child];
  };

  it('hands over to the grandparent, which decides', async () => {
    const [root, middle, child] = three();
    await middle.end('completed');
    const report = await child.end('completed');
    expect(texts(report.captured)).toEqual(['child']);
    expect(texts(root.capturedIntents)).toEqual(['child']);
    expect(sent).toEqual([]);
    await root.end('completed');
    expect(sent).toEqual(['child']);
  });

  it('is lost if the grandparent fails', async () => {
    const [root, middle, child] = three();
    await middle.end('completed');
    await child.end('completed');
    await root.end('failed');
    expect(sent).toEqual([]);
  });

  it('goes as the grandparent went once that has ended too', async () => {
    const [root, middle, child] = three();
    await middle.end('completed');
    await root.end('failed');
    await child.end('completed');
    expect(sent).toEqual([]);
  });

  it('flushes by itself once all have flushed', async () => {
    const [root, middle, child] = three();
    await middle.end('completed');
    await root.end('completed');
    await child.end('completed');
    expect(sent).toEqual(['child']);
  });

  it('asks the beforeDescendantFlushes of the grandparent', async () => {
    const root = openScope({ beforeDescendantFlushes: (_, intents) => intents });
    const middle = root.run(() => openScope());
    const child = middle.run(() => openScope());
    child.run(() => enqueue(send, 'child'));
    await middle.end('completed');
    await child.end('completed');
    expect(sent).toEqual(['child']);
    await root.end('failed');
  });
});
