import { addsChildJob } from '../../../../lib/core/enqueue/child-job.js';

const parent = { id: '1', queue: 'bull:steps' };

describe('when a call has the shape of one that adds jobs', () => {
  it.each<[string, string, unknown[], boolean]>([
    ['a job with a parent', 'add', ['a', {}, { parent }], true],
    [
      'jobs of which one has a parent',
      'addBulk',
      [[{ name: 'a' }, { name: 'b', opts: { parent } }]],
      true,
    ],
    ['a flow below a parent', 'add', [{ name: 'a', queueName: 'q', opts: { parent } }], true],
    ['a job without options', 'add', ['a', {}], false],
    ['a job without a parent', 'add', ['a', {}, { delay: 1 }], false],
    ['data that speaks of a parent', 'add', ['a', { parent }], false],
    ['a parent of another kind', 'add', ['a', {}, { parent: { id: 1 } }], false],
    [
      'a flow of its own',
      'add',
      [{ name: 'a', queueName: 'q', children: [{ name: 'b', queueName: 'q' }] }],
      false,
    ],
    ['nothing at all', 'addBulk', [undefined], false],
    ['another method', 'send', ['a', {}, { parent }], false],
  ])('tells %s', (_, key, args, expected) => {
    expect(addsChildJob(key, args)).toBe(expected);
  });
});
