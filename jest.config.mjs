import { existsSync } from 'node:fs';

/** Packages that are ESM only and that CommonJS tests therefore compile. */
export const esmOnly =
  '@nestjs|file-type|strtok3|token-types|uint8array-extras|@borewit|@tokenizer|load-esm|uid|fast-safe-stringify|iterare|content-disposition|kysely-0.29|pg-boss|rrule-temporal|serialize-error|non-error|is-plain-obj|temporal-polyfill|temporal-spec|@js-temporal|jsbi|type-fest';

export const base = {
  testEnvironment: '<rootDir>/test/environment.mjs',
  runtime: '<rootDir>/test/runtime.mjs',
  testMatch: ['<rootDir>/test/**/*.spec.ts', '<rootDir>/sample/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: [
    '<rootDir>/dist/',
    '<rootDir>/.cache/',
    '<rootDir>/test/nest-11/package.json',
  ],
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: false,
          },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  // Seen from the innermost `node_modules`: packages also stand inside others.
  transformIgnorePatterns: [`/node_modules/(?!.*/node_modules/|(${esmOnly})/)`],
};

export const ours = {
  '^(\\.{1,2}/.*)\\.js$': '$1',
  '^nestjs-airlock$': '<rootDir>/lib/index.ts',
  '^nestjs-airlock/(testing|eslint)$': '<rootDir>/lib/$1/index.ts',
  '^nestjs-airlock/(.*)$': '<rootDir>/lib/integrations/$1/index.ts',
  // Stand beside Nest 11: the one takes no other, the other does not go with what is installed here.
  '^(@golevelup/nestjs-rabbitmq|inngest)$': '<rootDir>/test/nest-11/node_modules/$1',
};

/**
 * The same suites against the other supported major of Nest, whose packages live in a folder of
 * their own.
 */
const nest11 = {
  '^(@nestjs/(apollo|bullmq|common|core|cqrs|event-emitter|graphql|mercurius|microservices|platform-[\\w.-]+|schedule|terminus|testing|typeorm|websockets)(/.*)?)$':
    '<rootDir>/test/nest-11/node_modules/$1',
  // What those were made for.
  '^(amqplib|amqp-connection-manager|bullmq|graphql|ioredis|mercurius|typeorm)$':
    '<rootDir>/test/nest-11/node_modules/$1',
  // One copy each, as in a real installation: Nest 11 knows Observables by their class.
  '^rxjs(/.*)?$': '<rootDir>/test/nest-11/node_modules/rxjs$1',
  '^reflect-metadata$': '<rootDir>/test/nest-11/node_modules/reflect-metadata',
};

/** Where a major of Nest cannot matter, the suites run once. */
const onNest12Alone = [
  // Bring the packages of both majors themselves, or none.
  '/test/(package|types|readme|crash|soak)/',
  // Frames and what is decided by them: PostgreSQL and the core, which imports no Nest
  // (check:imports).
  '/test/(oracle|unit/core|unit/errors|integrations/recipes)/',
  '/test/unit/policies/contract\\.spec',
  '/test/integrations/(drizzle|knex|kysely|mikro-orm|pg|prisma|sequelize)/(client-frames|contract|doors|generated-client|sqlite|track-[\\w-]+-transactions)\\.spec',
  '/test/field/(a-failed-statement-is-swallowed-on-postgres|a-transaction-lies-around-the-whole-work|an-asynchronous-primitive-decides-the-scope|each-test-runs-in-a-transaction|nothing-grows-worse-than-linear|savepoints-are-begun-side-by-side|savepoints-of-two-branches-cross)\\.spec',
  // Its transactions, of clients that no major of Nest matters to: it has suites of its own.
  '/test/integrations/outbox/(drizzle|knex|kysely|mikro-orm|pg|prisma|sequelize|settings|transactional)\\.spec',
  // What a table or a queue does with its rows, and what becomes of transactions of nestjs-cls:
  // beside each is a suite of the application that both majors run.
  '/test/integrations/outbox/(claims|hung|killed|plans|rows-in-flight|sweeper)\\.spec',
  '/test/integrations/pg-boss/(atomicity|contract|drain|options|order)\\.spec',
  '/test/field/(a-conflict-meets-the-write-of-effects|a-failed-statement-is-not-awaited|a-write-aborts-the-writes-after-it|a-database-fails-over-to-a-replica|a-proxy-reads-from-a-copy|a-statement-rolls-a-transaction-of-sqlite-back|an-outbox-is-swept-while-a-transaction-commits|rows-of-the-outbox-cannot-be-removed|the-answer-to-a-commit-is-lost|two-servers-have-an-outbox-of-one-name|two-versions-share-an-outbox)\\.spec',
  '/test/integrations/cls-transactional/(contract|doors|propagation|track-cls-transactions)\\.spec',
  // Read source files.
  '/test/unit/(eslint|scripts)/',
  // Reach no Nest, and no package that one major has a copy of for itself.
  '/test/unit/(schematics/nest-add|installation/|policies/policies|nest/entry-points/response-ends|testing/kit/(check-for-leaks\\.hooks|durations)|testing/matchers/register)',
  '/test/integrations/(given-up|replace-on-class|outbox/outbox-(row|sql)|pg-boss/job-ids)\\.spec',
  '/test/kit/jest-globals\\.spec',
  '/test/field/(a-policy-is-put-around-work-that-was-left-behind|a-test-fakes-timers-before-it-imports-the-kit)\\.spec',
  // A page in a browser, which no Nest runs in.
  '/test/integrations/inspector/inspector\\.page\\.spec',
  // Applications of parts that have suites of their own on both.
  '/sample/(01-shop|08-prisma)/',
  // Policies and executors without an application.
  '/test/unit/testing/contracts/',
  // Start runners that know nothing of these projects.
  '/test/unit/testing/other-runners\\.spec',
];

const projects = [{ ...base, displayName: 'nest 12', moduleNameMapper: ours }];
// Installed by `npm test`; after a mere `npm start` there is one major.
if (existsSync(new URL('test/nest-11/node_modules/.package-lock.json', import.meta.url))) {
  projects.push({
    ...base,
    displayName: 'nest 11',
    moduleNameMapper: { ...ours, ...nest11 },
    testPathIgnorePatterns: [
      ...base.testPathIgnorePatterns,
      ...onNest12Alone.map((path) => `<rootDir>${path}`),
    ],
  });
}

export default {
  // One more than the processors of a small machine: many suites wait for servers and processes.
  maxWorkers: 3,
  globalSetup: '<rootDir>/test/before-all.mjs',
  // A worker keeps the text and the code of all that it has loaded, about half of this; one that
  // takes its place has all to load anew.
  workerIdleMemoryLimit: '1GB',
  testSequencer: '<rootDir>/scripts/longest-first.mjs',
  testResultsProcessor: '<rootDir>/scripts/plain-results.mjs',
  projects,
};
