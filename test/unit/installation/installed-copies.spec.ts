import { join } from 'node:path';

describe('when the modules of one copy are loaded again, as test runners and hot reloads do', () => {
  it('is one copy all the same', async () => {
    const file = join(__dirname, '../../../lib/installation/installed-copies.ts');
    const first = (await import(file)) as { refuseOtherCopies(this: void): void };
    jest.resetModules();
    const second = (await import(file)) as typeof first;
    expect(second).not.toBe(first);
    expect(first.refuseOtherCopies).not.toThrow();
    expect(second.refuseOtherCopies).not.toThrow();
  });
});
