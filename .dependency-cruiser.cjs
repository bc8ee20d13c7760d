/** Which room may look into which (docs/guide): core ← policies ← nest ← integrations. */
const from = (path, to, comment) => ({ name: comment, severity: 'error', from: { path }, to });

module.exports = {
  forbidden: [
    { name: 'no cycles, types included', severity: 'error', from: {}, to: { circular: true } },
    from('^lib/core', { path: '@nestjs/' }, 'core imports no Nest'),
    from('^lib/core', { path: '^lib/(policies|nest|integrations|testing|eslint)/' }, 'core imports nothing above it'),
    from('^lib/errors', { path: '^lib/(?!errors)' }, 'errors import only errors'),
    from('^lib/installation', { path: '^lib/(?!errors|installation)' }, 'installation imports only errors'),
    from('^lib/policies', { path: '^lib/(nest|integrations|testing)/' }, 'policies import core only'),
    from('^lib/nest', { path: '^lib/(integrations|testing)/' }, 'nest imports core and policies only'),
    from(
      '^lib/(?!integrations|testing)',
      { path: '^lib/(integrations|testing)/' },
      'nothing imports integrations or testing',
    ),
    from('^lib/.+', { path: '^lib/index' }, 'nobody imports through the barrel'),
    from(
      '^lib/(?!integrations|testing|eslint)',
      {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-no-pkg'],
        pathNot: 'node_modules/(@nestjs/(common|core)|rxjs|reflect-metadata)/',
      },
      'the root imports no optional peer',
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
