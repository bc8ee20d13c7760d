import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { peerCopies } from '../../lib/integrations/peer-copies.js';

describe('when a peer is looked up that the application has handed over no client of', () => {
  const folder = mkdtempSync(join(tmpdir(), 'airlock-peers-'));
  const [, program] = process.argv;
  const warnings: string[] = [];

  /** Installs a package for the program that is said to run. */
  function install(name: string, code: string): void {
    const at = join(folder, 'node_modules', name);
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, 'index.js'), code);
  }

  beforeAll(() => {
    process.argv[1] = join(folder, 'main.js');
    Logger.overrideLogger({
      log() {},
      error() {},
      warn: (message: string) => void warnings.push(message),
    });
  });
  afterAll(() => {
    process.argv[1] = program!;
    Logger.overrideLogger(['log', 'warn', 'error']);
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    warnings.length = 0;
  });

  it('is found where the program runs', async () => {
    install('peer-whole', 'module.exports = { answer: 42 }');
    expect(await peerCopies('peer-whole')).toEqual([{ answer: 42 }]);
    expect(warnings).toEqual([]);
  });

  it.each(['peer-nowhere', '@peers/nowhere', 'peer-nowhere/part'])(
    'is none where it is not installed, and nothing is told: %s',
    async (specifier) => {
      const imported = (): Promise<object> =>
        Promise.reject(
          Object.assign(
            new Error(`Cannot find package '${specifier.replace('/part', '')}' imported from a.js`),
            {
              code: 'ERR_MODULE_NOT_FOUND',
            },
          ),
        );
      expect(await peerCopies(specifier, imported)).toEqual([]);
      expect(warnings).toEqual([]);
    },
  );

  it.each([
    ['throws', `throw new Error('Built for another Node.js.')`, 'Built for another Node.js.'],
    ['lacks what it loads', `require('peer-of-the-peer')`, `Cannot find module 'peer-of-the-peer'`],
  ])('is told by name where it is installed and %s', async (what, code, said) => {
    const name = `peer-that-${what.replaceAll(' ', '-')}`;
    install(name, code);
    expect(await peerCopies(name)).toEqual([]);
    expect(warnings).toEqual([
      expect.stringContaining(`${name} is installed, but cannot be loaded: ${said}`),
    ]);
  });

  it('is not told of where another copy of it is loaded', async () => {
    install('peer-half', `throw new Error('No.')`);
    const copy = { answer: 42 };
    expect(await peerCopies('peer-half', async () => copy)).toEqual([copy]);
    expect(warnings).toEqual([]);
  });
});
