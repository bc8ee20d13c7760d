/* oxlint-disable jest/expect-expect -- ESLint's RuleTester is what asserts. */
import { linting } from './linters.js';

const { accepts, reports } = linting('no-io-in-transaction');

const service = (method: string, head = ''): string => `
import { EffectBuffer, SideEffect } from 'nestjs-airlock';
import { Transactional } from 'typeorm-transactional';
${head}
declare const db: { transaction<T>(work: (tx: any) => T): T; $transaction<T>(work: () => T): T; select(): any };
declare const url: string;
class Service {
  constructor(private readonly effects: EffectBuffer, private readonly http: HttpService, private readonly smtp: Transporter) {}
  ${method}
}`;

describe('when a request is made in a transaction', () => {
  it.each([
    ['fetch', '', 'fetch(url)'],
    ['globalThis.fetch', '', 'globalThis.fetch(url)'],
    ['axios', 'import axios from "axios";', 'axios(url)'],
    ['axios.post', 'import axios from "axios";', 'axios.post(url, {})'],
    ['axios as a namespace', 'import * as axios from "axios";', 'axios.get(url)'],
    ['http.request', 'import * as http from "node:http";', 'http.request(url)'],
    ['https.get', 'import https from "https";', 'https.get(url)'],
    ['get of http', 'import { get as read } from "node:http";', 'read(url)'],
    ['request of undici', 'import { request } from "undici";', 'request(url)'],
    ['fetch of undici', 'import { fetch as load } from "undici";', 'load(url)'],
    ['got', 'import got from "got";', 'got(url)'],
    ['HttpService', 'import { HttpService } from "@nestjs/axios";', 'this.http.post(url, {})'],
    [
      'the axios of HttpService',
      'import { HttpService } from "@nestjs/axios";',
      'this.http.axiosRef.post(url, {})',
    ],
    [
      'an instance of axios',
      'import axios from "axios"; class Api { readonly axios = axios.create({}); } declare const api: Api;',
      'api.axios.get(url)',
    ],
    ['nodemailer', 'import type { Transporter } from "nodemailer";', 'this.smtp.sendMail({})'],
  ])('reports it: %s', (_, head, call) => {
    reports(service(`place() { return db.transaction(async () => { return ${call}; }); }`, head), [
      { messageId: 'direct', data: { call } },
    ]);
  });

  it.each([
    ['transaction', 'db.transaction(async () => { const x = await fetch(url); })'],
    ['$transaction', 'db.$transaction(async () => { const x = await fetch(url); })'],
    ['runInTransaction', 'runInTransaction(async () => { const x = await fetch(url); })'],
    ['withTransaction', 'host.withTransaction({}, async () => { const x = await fetch(url); })'],
    ['a function within', 'db.transaction(async () => { const x = [1].map(() => fetch(url)); })'],
    [
      'a function given by its name',
      'db.transaction(work); async function work() { const x = await fetch(url); }',
    ],
    [
      'a method given by its name',
      'new (class { place() { db.transaction(this.work); } async work() { const x = await fetch(url); } })()',
    ],
  ])('knows the transaction: %s', (_, statement) => {
    reports(
      `declare const db: any, host: any, runInTransaction: any, url: string;\n${statement};`,
      [{ messageId: 'direct' }],
    );
  });

  it('knows a transactional method', () => {
    reports(service('@Transactional() async place() { const x = await fetch(url); }'), [
      { messageId: 'direct' },
    ]);
  });

  it('reports it once, however many transactions are around it', () => {
    reports(
      service(
        '@Transactional() async place() { return db.transaction(() => db.transaction(() => fetch(url))); }',
      ),
      [{ messageId: 'direct' }],
    );
  });
});

describe('when the request is behind a function of the file', () => {
  it.each([
    [
      'a method',
      'place() { return db.transaction((tx) => this.write(tx)); } async write(tx: any) { await tx.insert(); return fetch(url); }',
      'this.write(tx)',
    ],
    [
      'two methods',
      'place() { return db.transaction(() => this.write()); } write() { return this.tell(); } tell() { return fetch(url); }',
      'this.write()',
    ],
    ['a function', 'place() { return db.transaction(() => tell()); }', 'tell()'],
  ])('reports the call in the transaction: %s', (_, method, call) => {
    reports(service(method, 'async function tell() { return fetch(url); }'), [
      {
        messageId: 'indirect',
        data: {
          call,
          request: 'fetch',
          line: method.includes('tell()); }') && call === 'tell()' ? '4' : '9',
        },
      },
    ]);
  });

  it('is not caught in a circle', () => {
    accepts(
      service(
        'place() { return db.transaction(() => this.again()); } again(): any { return this.again(); }',
      ),
    );
  });
});

describe('when the request waits until the transaction is over', () => {
  it.each([
    [
      'it is an effect',
      'place() { return db.transaction(() => { this.effects.enqueue(fetch, url); }); }',
    ],
    [
      'it is in an effect',
      'place() { return db.transaction(() => { this.effects.enqueue(async () => { await fetch(url); }); }); }',
    ],
    [
      'it is in a method that is one',
      'place() { return db.transaction(() => this.tell()); } @SideEffect() async tell(): Promise<void> { await fetch(url); }',
    ],
    [
      'it is deferred',
      'place() { return db.transaction(() => { this.effects.defer(this.smtp).sendMail({}); this.effects.defer(this as Service).tell(); }); } async tell() { return fetch(url); }',
    ],
    [
      'it runs after the commit',
      'place() { return db.transaction(() => { runOnTransactionCommit(() => fetch(url)); }); }',
    ],
    [
      'it runs on a timer',
      'place() { return db.transaction(() => { setTimeout(() => fetch(url), 1); }); }',
    ],
    [
      'it runs outside',
      'place() { return db.transaction((tx) => tx.withoutTransaction(() => fetch(url))); }',
    ],
    [
      'it comes before',
      'async place() { const x = await fetch(url); await db.transaction((tx) => tx.insert(x)); }',
    ],
    [
      'it comes after',
      'async place() { await db.transaction((tx) => tx.insert()); return fetch(url); }',
    ],
  ])('accepts it: %s', (_, method) => {
    accepts(
      service(
        method,
        'import type { Transporter } from "nodemailer"; declare const runOnTransactionCommit: any;',
      ),
    );
  });
});

describe('when nothing goes over the network', () => {
  it.each([
    [
      'other functions of a client',
      'import axios from "axios"; import * as http from "node:http";',
      'axios.create({}); http.createServer();',
    ],
    ["a fetch of one's own", 'function fetch(x: string) { return x; }', 'fetch(url);'],
    [
      'a get of something else',
      'import { get } from "lodash"; declare const map: Map<string, string>;',
      'map.get(url); get({}, url);',
    ],
    ['queries', '', 'db.select();'],
  ])('accepts %s', (_, head, statement) => {
    accepts(service(`place() { return db.transaction(() => { ${statement} }); }`, head));
  });
});

describe('when nobody uses the answer', () => {
  it.each([
    [
      'await fetch(url, { method: "POST" });',
      'this.effects.enqueue(fetch, url, { method: "POST" });',
    ],
    ['await this.smtp.sendMail({});', 'this.effects.defer(this.smtp).sendMail({});'],
    ['await this.tell(1);', 'this.effects.enqueue(this.tell.bind(this), 1);'],
    ['await this.quiet();', 'this.effects.enqueue(this.quiet.bind(this));'],
    ['await this.both(1);', 'this.effects.enqueue(this.both.bind(this), 1);'],
  ])('suggests an effect: %s', (before, after) => {
    const code = (statement: string): string =>
      service(
        `place() { return db.transaction(async () => { ${statement} }); }
         private tell(x: number) { return fetch(url, { body: JSON.stringify([String(x)]) }); }
         quiet() { return fetch(url); }
         async both(x: number) { await this.tell(x); return (await this.quiet()).ok; }`,
        'import type { Transporter } from "nodemailer";',
      );
    reports(code(before), [
      { messageId: /this\.\w+\(/.test(before) ? 'indirect' : 'direct', suggestion: code(after) },
    ]);
  });
});

describe('when a call in a transaction does more than a request', () => {
  const code = (place: string, tell: string): string => service(`place() { ${place} } ${tell}`);

  it.each([
    [
      'it is handed the transaction',
      'tx',
      'await this.tell(tx);',
      'return fetch(url, { body: x });',
    ],
    [
      'it is handed a part of it',
      '{ manager }',
      'await this.tell({ manager });',
      'return fetch(url, { body: x });',
    ],
    ['it writes', '', 'await this.tell(1);', 'await db.$transaction(() => x); return fetch(url);'],
    [
      'it writes with a template',
      '',
      'await this.tell(1);',
      'await (db as any)`insert ${x}`; return fetch(url);',
    ],
    [
      'it changes what is written afterwards',
      '',
      'await this.tell({});',
      'x.sent = true; return fetch(url);',
    ],
    ['it counts', '', 'await this.tell({});', 'x.count++; return fetch(url);'],
    ['it takes something away', '', 'await this.tell({});', 'delete x.draft; return fetch(url);'],
    [
      'it writes behind a function',
      '',
      'await this.tell(1);',
      'await this.write(); return fetch(url);',
    ],
  ])(
    'suggests nothing, since an effect would do that after the commit: %s',
    (_, parameter, statement, body) => {
      const typed = parameter && `${parameter}: any`;
      reports(
        code(
          `return db.transaction(async (${typed}) => { ${statement} });`,
          `async tell(x: any) { ${body} } async write() { await db.select(); }`,
        ),
        [{ messageId: 'indirect' }],
      );
    },
  );

  it('suggests nothing for a function that writes in the transaction around it', () => {
    reports(
      code(
        'return db.transaction(async (tx) => { const tell = async () => { await tx.insert(); await fetch(url); }; await tell(); });',
        '',
      ),
      [
        {
          messageId: 'direct',
          suggestion: code(
            'return db.transaction(async (tx) => { const tell = async () => { await tx.insert(); this.effects.enqueue(fetch, url); }; await tell(); });',
            '',
          ),
        },
        { messageId: 'indirect' },
      ],
    );
  });

  it('suggests nothing where the request is handed an inner transaction', () => {
    reports(
      code(
        'return db.transaction(() => db.transaction(async (tx) => { await fetch(url, { body: tx.id }); }));',
        '',
      ),
      [{ messageId: 'direct' }],
    );
  });
});

describe('when options say more', () => {
  it.each([
    [
      { modules: ['./warehouse.js'] },
      'import warehouse from "./warehouse.js";',
      'db.transaction(() => warehouse.post(url))',
    ],
    [
      { functions: ['postReservation'] },
      'import { postReservation } from "./reservation.js";',
      'db.transaction(() => postReservation(url))',
    ],
    [
      { functions: ['postReservation'] },
      'async function postReservation(x: string) {}',
      'db.transaction(() => postReservation(url))',
    ],
    [{ types: { HttpService: ['call'] } }, '', 'db.transaction(() => this.http.call(url))'],
    [
      { names: { warehouse$: ['reserve'] } },
      'declare const warehouse: any;',
      'db.transaction(() => warehouse.reserve(url))',
    ],
    [
      { transactions: ['atomically'] },
      'declare const db2: any;',
      'db2.atomically(() => fetch(url))',
    ],
  ])('knows %j', (options, head, expression) => {
    const code = service(`place() { return ${expression}; }`, head);
    accepts(code);
    reports(code, [{ messageId: 'direct' }], { options });
  });

  it('knows further decorators', () => {
    const code = service(
      '@Atomic() place() { return fetch(url); } @Atomic() f() { return this.tell(); } @Mail() async tell(): Promise<void> { const x = await fetch(url); }',
    );
    accepts(code);
    reports(code, [{ messageId: 'direct' }], {
      options: { transactionDecorators: ['Atomic'], effectDecorators: ['Mail'] },
    });
  });
});
