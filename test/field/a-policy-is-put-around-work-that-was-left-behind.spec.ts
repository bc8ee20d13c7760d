import { DropAll, enqueue, runInScope, withPolicy } from 'nestjs-airlock';

/** Runs `work` in what an ended scope has left behind. */
async function leftBehind(
  work: () => Promise<void>,
  open = (fn: () => Promise<void>) => runInScope(fn),
): Promise<void> {
  let begin!: () => void;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  let left!: Promise<void>;
  await open(async () => {
    left = begun.then(work);
  });
  begin();
  await left;
}

describe('when work that an ended scope left behind opens a scope', () => {
  const out: string[] = [];
  const say = (text: string): void => void out.push(text);
  const send = (text: string): Promise<void> => runInScope(async () => enqueue(say, text));

  beforeEach(() => out.splice(0));

  it('stands under a policy that is put around it there', async () => {
    await leftBehind(() => withPolicy(DropAll, () => send('receipt')));
    expect(out).toEqual([]);
  });

  it('stands under a policy that is put around another one there', async () => {
    await leftBehind(() => withPolicy(DropAll, () => withPolicy({}, () => send('receipt'))));
    expect(out).toEqual([]);
  });

  it('inherits none of the policies of the ended scope', async () => {
    await leftBehind(
      () => withPolicy({}, () => send('receipt')),
      (fn) => runInScope({ policy: DropAll }, fn),
    );
    expect(out).toEqual(['receipt']);
  });
});
