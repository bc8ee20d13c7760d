import type { Declarations } from './declarations.js';
import { bare, type Call, is, nameOf, type Node, type NodeOf } from './estree.js';
import { Methods, type MethodTable } from './methods.js';

/** Options that say what else counts as a network call. @internal */
export interface NetworkOptions {
  readonly modules: readonly string[];
  readonly functions: readonly string[];
  readonly types: MethodTable;
  readonly names: MethodTable;
}

const VERBS: readonly string[] = [
  'request',
  'get',
  'delete',
  'head',
  'options',
  'post',
  'put',
  'patch',
];
/**
 * Names that HTTP clients give their requests; their other functions, such as `axios.create`, reach
 * nobody.
 */
const REQUESTS: readonly string[] = [
  ...VERBS,
  'fetch',
  'stream',
  'pipeline',
  'postForm',
  'putForm',
  'patchForm',
];

const MODULES: readonly string[] = [
  'axios',
  'got',
  'http',
  'http2',
  'https',
  'ky',
  'node-fetch',
  'superagent',
  'undici',
];

const TYPES: MethodTable = {
  HttpService: VERBS,
  AxiosInstance: REQUESTS,
  Axios: REQUESTS,
  MailerService: ['sendMail'],
  Transporter: ['sendMail'],
  Mail: ['sendMail'],
  ...Object.fromEntries(
    ['Proxy', 'Kafka', 'Mqtt', 'Nats', 'Redis', 'RMQ', 'TCP'].map((kind) => [
      `Client${kind}`,
      ['send'],
    ]),
  ),
};

const NAMES: MethodTable = { 'http_?service$': VERBS, axios$: REQUESTS, '.*': ['sendMail'] };

/** Finds calls that talk to another machine and wait for its answer. @internal */
export class NetworkCalls {
  private readonly modules: readonly string[];
  private readonly functions: readonly string[];
  private readonly methods: Methods;

  constructor(
    private readonly declarations: Declarations,
    { modules = [], functions = [], types = {}, names = {} }: Partial<NetworkOptions>,
  ) {
    this.modules = [...MODULES, ...modules];
    this.functions = ['fetch', ...functions];
    this.methods = new Methods({ ...TYPES, ...types }, { ...NAMES, ...names }, declarations);
  }

  includes(call: Call): boolean {
    const callee = bare(call.callee);
    if (is(callee, 'Identifier')) return this.isRequest(callee);
    if (!is(callee, 'MemberExpression')) return false;
    if (this.isOfModule(callee.object)) return REQUESTS.includes(nameOf(callee) ?? '');
    // `httpService.axiosRef.get(…)`, `globalThis.fetch(…)`
    const owner = nameOf(bare(callee.object));
    if (owner === 'axiosRef') return REQUESTS.includes(nameOf(callee) ?? '');
    if (owner === 'globalThis') return nameOf(callee) === 'fetch';
    return this.methods.includes(callee);
  }

  private isRequest(callee: NodeOf<'Identifier'>): boolean {
    const { bindings } = this.declarations;
    const imported = bindings.importOf(callee);
    if (imported === undefined) {
      return (
        this.functions.includes(callee.name) &&
        !(callee.name === 'fetch' && bindings.declarationOf(callee))
      );
    }
    if (this.functions.includes(imported.name)) return true;
    return this.isNetwork(imported.source) && ['default', ...REQUESTS].includes(imported.name);
  }

  /**
   * A name that stands for a whole client: `import axios from`, `import * as http from`,
   * `import { ky } from`.
   */
  private isOfModule(object: Node): boolean {
    const named = bare(object);
    const imported = is(named, 'Identifier')
      ? this.declarations.bindings.importOf(named)
      : undefined;
    if (imported === undefined) return false;
    return (
      this.isNetwork(imported.source) &&
      (['default', '*'].includes(imported.name) || this.modules.includes(imported.name))
    );
  }

  private isNetwork(source: string): boolean {
    return this.modules.includes(source.replace(/^node:/, ''));
  }
}
