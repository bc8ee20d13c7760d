import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const file = join(__dirname, '../../../lib/installation/location.ts');

type Key = 'stackTraceLimit' | 'prepareStackTrace';

const limit = (descriptor: PropertyDescriptor): [Key, PropertyDescriptor] => [
  'stackTraceLimit',
  descriptor,
];
const prepare = (descriptor: PropertyDescriptor): [Key, PropertyDescriptor] => [
  'prepareStackTrace',
  descriptor,
];

let written: unknown[] = [];

/** What applications and their libraries make of `Error`. */
const kinds: [string, Key, PropertyDescriptor][] = [
  ['stacks are off', ...limit({ value: 0, writable: true })],
  ['the depth of stacks is nobody’s to change', ...limit({ value: 10 })],
  [
    'a library writes stacks, as source-map-support and bluebird do',
    ...prepare({ value: () => 'as the library writes it', writable: true, enumerable: true }),
  ],
  [
    'a library is told who else writes stacks',
    ...prepare({ get: () => () => '', set: (value) => void written.push(value) }),
  ],
];

describe.each(kinds)('when %s', (_, key, descriptor) => {
  const was = Object.getOwnPropertyDescriptor(Error, key);

  beforeEach(() => {
    written = [];
    Object.defineProperty(Error, key, { ...descriptor, configurable: true });
    jest.resetModules();
  });

  afterEach(() => {
    if (was) Object.defineProperty(Error, key, was);
    else Reflect.deleteProperty(Error, key);
  });

  it('finds where the package is, and leaves `Error` as it was', async () => {
    const before = Object.getOwnPropertyDescriptors(Error);
    const { location, root } = (await import(file)) as { location: string; root: string };
    expect(Object.getOwnPropertyDescriptors(Error)).toEqual(before);
    expect(location).toBe(file);
    expect(root).toBe(join(__dirname, '../../..'));
    expect(written).toEqual([]);
  });
});

describe('when nothing is set on `Error`', () => {
  it.each<Key>(['stackTraceLimit', 'prepareStackTrace'])('leaves no %s behind', async (key) => {
    const was = Object.getOwnPropertyDescriptor(Error, key);
    Reflect.deleteProperty(Error, key);
    try {
      jest.resetModules();
      expect(await import(file)).toMatchObject({ location: file });
      expect(Object.hasOwn(Error, key)).toBe(false);
    } finally {
      if (was) Object.defineProperty(Error, key, was);
    }
  });
});

describe('when a bundle that the package is part of stands in a folder called lib', () => {
  it('is installed nowhere', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'airlock-'));
    const bundle = join(folder, 'lib/app/main.ts');
    mkdirSync(join(folder, 'lib/app'), { recursive: true });
    copyFileSync(file, bundle);
    try {
      expect(await import(bundle)).toMatchObject({
        location: bundle,
        root: undefined,
        sources: undefined,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
