import { join } from 'node:path';
import { root } from './built.js';
import { Installation } from './installation.js';
import { Packed } from './tarball.js';

const application = join(root, 'test/package/consumer/main.ts');

/**
 * The effects come after the work and before the response; the policy stops the mail, the failure
 * stops both.
 */
const printed = [
  'placed 1',
  'receipt for 1',
  'warehouse told of 1',
  '/orders/1: 201',
  'placed 2',
  'warehouse told of 2',
  '/admin/orders/2: 201',
  'placed 3',
  '/orders/3/sold-out: 409',
  '',
].join('\n');

const node10 = { moduleResolution: 'node10', ignoreDeprecations: '6.0' };

const packed = new Packed();

describe.each([
  { format: 'ESM', nest: 12 },
  { format: 'CJS', nest: 12 },
  { format: 'ESM', nest: 11 },
  { format: 'CJS', nest: 11 },
] as const)('when a $format application on Nest $nest installs the package', ({ format, nest }) => {
  let installation: Installation;

  beforeAll(() => {
    installation = new Installation(
      join(packed.folder, `${format}-${nest}`),
      packed.tarball,
      format,
      nest,
    );
  });

  it('compiles, with the declarations checked too, and lets out over HTTP what is allowed out', () => {
    expect(installation.compile(application)).toBe('');
    expect(installation.run('main.js')).toBe(printed);
  }, 120_000);

  if (format === 'CJS' && nest === 11) {
    it('also compiles under the module resolution of older templates, which reads no `exports`', () => {
      expect(installation.compile(application, node10)).toBe('');
    }, 120_000);

    it('also runs on the CommonJS build, where Node cannot require ES modules', () => {
      expect(installation.run('main.js', '--no-experimental-require-module')).toBe(printed);
    }, 60_000);
  }
});
