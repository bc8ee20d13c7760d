import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerVersionError } from 'nestjs-airlock';
import { requirePeer } from '../../../lib/installation/required-peer.js';

describe('when a peer is asked for', () => {
  const before = process.cwd();
  let project: string;

  beforeAll(() => {
    project = realpathSync(mkdtempSync(join(tmpdir(), 'airlock-peer-')));
    process.chdir(project);
  });

  afterAll(() => {
    process.chdir(before);
    rmSync(project, { recursive: true });
  });

  const install = (version: unknown): void => {
    mkdirSync(join(project, 'node_modules/a-client'), { recursive: true });
    writeFileSync(join(project, 'node_modules/a-client/package.json'), JSON.stringify({ version }));
  };

  it.each([
    ['3.0.0', '>=3.0.0'],
    ['3.0.0', '>=0.3.21'],
    ['0.3.21', '>=0.3.21'],
    ['0.4.0', '>=0.3.21'],
    ['10.0.1', '^10.0.0 || >=12.30.0'],
    ['13.0.0', '^10.0.0 || >=12.30.0'],
    ['1.0.0-beta.2', '>=0.40.0'],
  ])('takes %s where %s is needed', (version, range) => {
    install(version);
    expect(() => requirePeer('a-client', range, 'nestjs-airlock/a')).not.toThrow();
  });

  it.each([
    ['2.9.9', '>=3.0.0'],
    ['0.3.20', '>=0.3.21'],
    ['9.9.9', '^10.0.0 || >=12.30.0'],
    ['11.1.0', '^10.0.0 || >=12.30.0'],
    ['12.29.9', '^10.0.0 || >=12.30.0'],
  ])('refuses %s where %s is needed', (version, range) => {
    install(version);
    const refused = (): void => requirePeer('a-client', range, 'nestjs-airlock/a');
    expect(refused).toThrow(PeerVersionError);
    expect(refused).toThrow(
      expect.objectContaining({ version, folder: join(project, 'node_modules/a-client') }),
    );
  });

  it('judges nothing that it cannot find or read', () => {
    install(undefined);
    expect(() => requirePeer('a-client', '>=3.0.0', 'nestjs-airlock/a')).not.toThrow();
    expect(() => requirePeer('no-such-client', '>=3.0.0', 'nestjs-airlock/a')).not.toThrow();
  });

  it('looks elsewhere where the name of the program was replaced, as tests of commands do', () => {
    const { argv } = process;
    process.argv = ['node', 'cli', 'remind'];
    try {
      install('2.9.9');
      const asked = (): void => requirePeer('a-client', '>=3.0.0', 'nestjs-airlock/a');
      expect(asked).toThrow(PeerVersionError);
    } finally {
      process.argv = argv;
    }
  });

  it('takes what one place has, although another has one that is too old, as in a workspace', () => {
    install('0.0.1');
    // What this package itself sees.
    mkdirSync(join(project, 'node_modules/rxjs'), { recursive: true });
    writeFileSync(
      join(project, 'node_modules/rxjs/package.json'),
      JSON.stringify({ version: '0.0.1' }),
    );
    expect(() => requirePeer('rxjs', '>=7.0.0', 'nestjs-airlock/a')).not.toThrow();
  });
});
