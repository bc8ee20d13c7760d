import config, { base, ours, esmOnly } from './jest.config.mjs';

/**
 * For the suites that run on another version of Node than this one (scripts/other-nodes.mjs):
 * MikroORM 7 needs Node 22.
 */
export default {
  ...config,
  // Two versions run side by side.
  maxWorkers: 2,
  projects: [
    {
      ...base,
      displayName: `Node ${process.versions.node}`,
      moduleNameMapper: {
        ...ours,
        '^@mikro-orm/([\\w-]+)$': '<rootDir>/test/mikro-orm-7/node_modules/@mikro-orm/$1',
        '^@mikro-orm/decorators/legacy$':
          '<rootDir>/test/mikro-orm-7/node_modules/@mikro-orm/decorators/legacy/index.js',
      },
      transformIgnorePatterns: [
        `/node_modules/(?!.*/node_modules/|(${esmOnly}|@mikro-orm|kysely)/)`,
      ],
    },
  ],
};
