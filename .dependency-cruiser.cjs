/** Which room may look into which (docs/guide): core ← policies ← nest ← integrations. */
const from = (path, to, comment) => ({ name: comment, severity: 'error', from: { path }, to });

/** The rooms of a house from the ground up: none looks into one above it, nor into the hall, where its ways meet. */
const floors = (house, rooms) =>
  rooms.map((room, floor) => {
    const above = rooms.slice(floor + 1).join('|');
    const to = { path: `^${house}/([^/]+\\.ts${above && `|(${above})/`})` };
    return from(`^${house}/${room}/`, to, `${room} looks into no room above it`);
  });

module.exports = {
  forbidden: [
    {
      name: 'no cycles, types included',
      severity: 'error',
      from: { pathNot: '^lib/core/model/' },
      to: { circular: true },
    },
    {
      // An intent carries policies, and a policy decides about intents: the domain is recursive, its types only.
      name: 'no cycles of values in the model',
      severity: 'error',
      from: { path: '^lib/core/model/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...floors('lib/core', [
      'model',
      'effect',
      'results',
      'scope',
      'frame',
      'enqueue',
      'flush',
      'outside',
    ]),
    ...floors('lib/nest', [
      ...[
        'options',
        'log',
        'methods',
        'container',
        'calls',
        'decorators',
        'boundaries',
        'entry-points',
        'services',
      ],
      ...['remote', 'escapes', 'intercept', 'boot-checks', 'application'],
    ]),
    ...floors('lib/testing', ['kit', 'matchers', 'contracts']),
    from('^lib/core', { path: '@nestjs/' }, 'core imports no Nest'),
    from(
      '^lib/core',
      { path: '^lib/(policies|nest|integrations|testing|eslint)/' },
      'core imports nothing above it',
    ),
    from('^lib/errors', { path: '^lib/(?!errors)' }, 'errors import only errors'),
    from(
      '^lib/installation',
      { path: '^lib/(?!errors|installation)' },
      'installation imports only errors',
    ),
    from(
      '^lib/policies',
      { path: '^lib/(nest|integrations|testing)/' },
      'policies import core only',
    ),
    from(
      '^lib/nest',
      { path: '^lib/(integrations|testing)/' },
      'nest imports core and policies only',
    ),
    from('^lib/schematics', { path: '^lib/(?!schematics)' }, 'the CLI loads schematics alone'),
    from(
      '^lib/(?!integrations|testing)',
      { path: '^lib/(integrations|testing)/' },
      'nothing imports integrations or testing',
    ),
    from('^lib/.+', { path: '^lib/index' }, 'nobody imports through the barrel'),
    from(
      '^lib/(?!integrations|testing|eslint|schematics)',
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
