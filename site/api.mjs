// Writes the reference of every sub-path, from the doc comments of `lib/`, as Markdown to `site/api`.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Application, Configuration, Converter } from 'typedoc';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The source file of each sub-path, by the name that users import. */
export function subPaths() {
  const { name, exports } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  return new Map(
    Object.entries(exports)
      .filter(([, target]) => typeof target === 'object')
      .map(([path, { import: esm }]) => [
        path.replace(/^\./, name),
        esm.types.replace('./dist/esm/', 'lib/').replace(/\.d\.ts$/, '.ts'),
      ]),
  );
}

/** Beside the pages stands their tree, as `navigation.json`. */
export async function writeApi(folder) {
  const sources = subPaths();
  const app = await Application.bootstrapWithPlugins(
    {
      plugin: ['typedoc-plugin-markdown'],
      entryPoints: [...sources.values()],
      basePath: root,
      tsconfig: `${root}/tsconfig.build.json`,
      skipErrorChecking: true, // `npm run check:types` does that
      excludeInternal: true,
      excludePrivate: true,
      excludeProtected: true,
      excludeExternals: true,
      disableSources: true,
      modifierTags: [...Configuration.OptionDefaults.modifierTags, '@publicApi'],
      excludeTags: [...Configuration.OptionDefaults.excludeTags, '@publicApi'],
      readme: 'none',
      name: 'API reference',
      logLevel: 'Warn',
    },
    [],
  );
  // Of the plugin, known once it is loaded.
  for (const [option, value] of Object.entries({
    entryFileName: 'README',
    outputFileStrategy: 'modules',
    navigationJson: `${folder}/navigation.json`,
    hideBreadcrumbs: true,
    hidePageHeader: true,
    useCodeBlocks: true,
    useHTMLEncodedBrackets: true,
    sanitizeComments: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    enumMembersFormat: 'table',
  }))
    app.options.setValue(option, value);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) =>
    nameAsImported(project, sources),
  );
  const project = await app.convert();
  if (project === undefined) throw new Error('The reference could not be read from `lib/`.');
  app.options.setValue('outputs', [{ name: 'markdown', path: folder }]);
  await app.generateOutputs(project);
}

/** Modules are named after what users import, not after the file. */
function nameAsImported(project, sources) {
  const names = new Map(
    [...sources].map(([name, file]) => [file.replace(/(\/index)?\.ts$/, ''), name]),
  );
  for (const module of project.children ?? []) module.name = names.get(module.name) ?? module.name;
}
