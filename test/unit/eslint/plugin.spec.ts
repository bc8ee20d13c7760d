import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import plugin, { configs, meta, rules } from '../../../lib/eslint/index.js';

const root = join(__dirname, '../../..');

describe('when the plugin is loaded', () => {
  it('offers the same by name and as default', () => {
    expect(plugin).toEqual({ meta, rules, configs });
    expect(configs.recommended.plugins).toEqual({ 'nestjs-airlock': plugin });
  });

  it('carries the version of the package', () => {
    const { name, version } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    ) as Record<string, string>;
    expect(meta).toEqual({ name, version });
  });

  it('recommends every rule', () => {
    expect(Object.keys(configs.recommended.rules).sort()).toEqual(
      Object.keys(rules)
        .map((rule) => `nestjs-airlock/${rule}`)
        .sort(),
    );
  });

  it('imports nothing but itself, and types', () => {
    const folder = join(root, 'lib/eslint');
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    )) {
      const imports = [
        ...readFileSync(join(folder, file), 'utf8').matchAll(
          /^(?:import|export|\})(?! type ).* from '(.+)';$/gm,
        ),
      ].map(([, path]) => path);
      expect({
        file,
        imports: imports.filter((path) => !/^\.\.?\/[\w./-]+\.js$/.test(path!)),
      }).toEqual({
        file,
        imports: [],
      });
    }
  });

  it('has a page for each rule, which the index of the pages names', () => {
    const folder = join(root, 'docs/eslint');
    const index = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(readdirSync(folder).sort()).toEqual(
      ['README.md', ...Object.keys(rules).map((rule) => `${rule}.md`)].sort(),
    );
    for (const rule of Object.keys(rules)) expect(index).toContain(`(${rule}.md)`);
  });

  it('tells editors the page of each rule in the installed package', () => {
    for (const [name, { meta }] of Object.entries(rules))
      expect(meta.docs.url).toBe(pathToFileURL(join(root, `docs/eslint/${name}.md`)).href);
  });
});
