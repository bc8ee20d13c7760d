import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './built.js';
import { compile } from './compile.js';
import { node } from './run.js';
import { unpack } from './tarball.js';

export type Format = 'ESM' | 'CJS';
export type NestMajor = 11 | 12;

const peers = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  'reflect-metadata',
  'rxjs',
];

/**
 * A user's project: the packed package really installed, everything else linked from where this
 * repository has it.
 */
export class Installation {
  constructor(
    readonly folder: string,
    tarball: string,
    private readonly format: Format,
    nest: NestMajor,
  ) {
    mkdirSync(folder, { recursive: true });
    unpack(tarball, folder);
    const nestHome = nest === 12 ? root : join(root, 'test/nest-11');
    for (const peer of peers) this.link(peer, nestHome);
    this.link('@types/node', root);
    this.write('package.json', { private: true, type: format === 'ESM' ? 'module' : 'commonjs' });
  }

  /**
   * Compiles one source file to `main.js`; returns what is wrong with it or with the declarations
   * of this package.
   */
  compile(source: string, compilerOptions: Readonly<Record<string, unknown>> = {}): string {
    copyFileSync(source, join(this.folder, 'main.ts'));
    this.write('tsconfig.json', {
      compilerOptions: {
        target: 'es2022',
        module: this.format === 'ESM' ? 'nodenext' : 'commonjs',
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        strict: true,
        skipLibCheck: false,
        types: ['node'],
        ...compilerOptions,
      },
      files: ['main.ts'],
    });
    return compile(this.folder);
  }

  /** Runs a program to its end; returns what it printed. */
  run(file: string, ...nodeOptions: readonly string[]): string {
    const { status, stdout, said } = node([...nodeOptions, file], this.folder);
    if (status !== 0) throw new Error(`${file} ended with ${status}:\n${said}`);
    return stdout;
  }

  write(file: string, content: string | object): void {
    writeFileSync(
      join(this.folder, file),
      typeof content === 'string' ? content : JSON.stringify(content, null, 2),
    );
  }

  /** Makes a package available that this repository has. */
  link(name: string, home: string): void {
    const source = join(home, 'node_modules', name);
    if (!existsSync(source))
      throw new Error(
        `${source} is missing. Run \`node scripts/install.mjs --nest-11\` or \`npm ci\` there.`,
      );
    const target = join(this.folder, 'node_modules', name);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(source, target, 'junction');
  }
}
