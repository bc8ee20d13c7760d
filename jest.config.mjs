/** Packages that are ESM only and that CommonJS tests therefore compile. */
const esmOnly =
  '@nestjs|file-type|strtok3|token-types|uint8array-extras|@borewit|@tokenizer|load-esm|uid|fast-safe-stringify|iterare|content-disposition|pg-boss|rrule-temporal|serialize-error|non-error|is-plain-obj|temporal-polyfill|temporal-spec|@js-temporal|jsbi|type-fest';

const base = {
  testEnvironment: '<rootDir>/test/environment.mjs',
  testMatch: ['<rootDir>/test/**/*.spec.ts', '<rootDir>/sample/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/', '<rootDir>/test/nest-11/package.json'],
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  // Seen from the innermost `node_modules`: packages also stand inside others.
  transformIgnorePatterns: [`/node_modules/(?!.*/node_modules/|(${esmOnly})/)`],
};

const ours = {
  '^(\\.{1,2}/.*)\\.js$': '$1',
  '^nestjs-airlock$': '<rootDir>/lib/index.ts',
  '^nestjs-airlock/(testing|eslint)$': '<rootDir>/lib/$1/index.ts',
  '^nestjs-airlock/(.*)$': '<rootDir>/lib/integrations/$1/index.ts',
};

/** The same suites against the other supported major of Nest, whose packages live in a folder of their own. */
const nest11 = {
  '^(@nestjs/(apollo|bullmq|common|core|cqrs|event-emitter|graphql|mercurius|microservices|platform-[\\w.-]+|schedule|testing|typeorm|websockets)(/.*)?)$':
    '<rootDir>/test/nest-11/node_modules/$1',
  // Made for Nest 11 alone.
  '^@golevelup/nestjs-rabbitmq$': '<rootDir>/test/nest-11/node_modules/@golevelup/nestjs-rabbitmq',
  // What those were made for.
  '^(amqplib|amqp-connection-manager|bullmq|graphql|ioredis|mercurius|typeorm)$':
    '<rootDir>/test/nest-11/node_modules/$1',
  // One copy each, as in a real installation: Nest 11 knows Observables by their class.
  '^rxjs(/.*)?$': '<rootDir>/test/nest-11/node_modules/rxjs$1',
  '^reflect-metadata$': '<rootDir>/test/nest-11/node_modules/reflect-metadata',
};

export default {
  maxWorkers: 2,
  testResultsProcessor: '<rootDir>/scripts/plain-results.mjs',
  projects: [
    { ...base, displayName: 'nest 12', moduleNameMapper: ours },
    {
      ...base,
      displayName: 'nest 11',
      moduleNameMapper: { ...ours, ...nest11 },
      testPathIgnorePatterns: [
        ...base.testPathIgnorePatterns,
        '<rootDir>/test/package/',
        '<rootDir>/test/types/',
        '<rootDir>/test/readme/',
        '<rootDir>/test/oracle/',
        '<rootDir>/test/crash/',
        '<rootDir>/test/unit/eslint/',
        '<rootDir>/test/unit/testing/other-runners.spec.ts',
      ],
    },
  ],
};
