import {
  type DynamicModule,
  Inject,
  Injectable,
  type InjectionToken,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { TRACKS_EVERY } from '../core/frame/tracked.js';
import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import { objectsIn, proxiesIn } from '../nest/boot-checks/held-objects.js';
import {
  DESCRIBES_ITSELF,
  type DescribesItself,
  type SelfDescription,
} from '../nest/services/self-description.js';
import { SafeLogger } from '../nest/log/safe-logger.js';
import { isMock } from '../nest/methods/mocks.js';
import { clientBehind } from './client-lookup.js';

/** Options of every module that tracks the transactions of clients. @publicApi */
export interface OptionalClients {
  /**
   * True: the application may start without a client among its providers, and without a provider
   * under a token that is named. False: it is refused.
   *
   * @default false
   */
  readonly optional?: boolean;
}

/** The kind of client a module is for: how to find and to track it. @internal */
export interface ClientKind<C extends object, O extends OptionalClients> {
  /** The module, for messages. */
  readonly module: string;
  /** A client, for messages, as `Knex instance`. */
  readonly client: string;
  /** The ways into a transaction that are covered, for `explain()`. */
  readonly doors: readonly string[];
  /** Code that tracks a client without the module, for messages. */
  readonly call: string;
  /** The option that names clients by their tokens: one token, or an array of them. */
  readonly option: keyof O & string;
  /** Finds the clients of an application if none is named. */
  find(modules: ModulesContainer): Iterable<C>;
  /** Tracks one client; absent where that is done on its class, and so by `trackOthers`. */
  track?(client: C, options: O): unknown;
  /**
   * Finds examples of clients that are made later, such as prototypes of classes: none of them is
   * used as a client.
   */
  findLater?(modules: ModulesContainer, options: O): readonly C[];
  /**
   * Tracks every client like those found, made before or after. Clients that are named are not among
   * those, where one can be tracked alone.
   */
  trackOthers?(found: readonly C[]): Others | undefined | Promise<Others | undefined>;
}

/** Clients that are tracked without being found or named. @internal */
export interface Others {
  readonly includes: (client: object) => boolean;
  readonly leave: () => void;
}

const KIND = Symbol('AIRLOCK_CLIENT_KIND');
const OPTIONS = Symbol('AIRLOCK_FRAMES_OPTIONS');

/**
 * Makes a module that tracks the transactions of clients: of those named by their tokens, else of
 * all in the application.
 *
 * @internal
 */
export function framesModule<C extends object, O extends OptionalClients>(
  module: Type,
  kind: ClientKind<C, O>,
  options: O,
): DynamicModule {
  const providers = [
    { provide: KIND, useValue: kind },
    { provide: OPTIONS, useValue: options },
    ClientTracker,
  ];
  // Global modules initialise before others at the same distance: `onModuleInit` elsewhere may use
  // a transaction.
  return { module, global: true, providers };
}

@Injectable()
class ClientTracker<C extends object, O extends OptionalClients>
  implements OnModuleInit, OnApplicationShutdown, DescribesItself
{
  /** Undefined where there is no client. */
  [TRACKS_EVERY]: Others['includes'] | undefined;
  private others: Others | undefined;
  private isTracking = false;

  constructor(
    @Inject(ModuleRef) private readonly providers: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(KIND) private readonly kind: ClientKind<C, O>,
    @Inject(OPTIONS) private readonly options: O,
  ) {}

  /**
   * @throws AirlockOptionsError if a token leads to no client, or there is no client and it is not
   *   optional
   */
  async onModuleInit(): Promise<void> {
    const named = this.named();
    const found = named ?? [...new Set(this.kind.find(this.modules))];
    // A mock begins no transaction, and is looked at by the test that made it.
    const clients = found.filter((client) => !isMock(client));
    const later = this.kind.findLater?.(this.modules, this.options) ?? [];
    this.isTracking = clients.length + later.length > 0;
    if (!this.isTracking && this.options.optional !== true) this.findNothing();
    for (const client of clients) this.kind.track?.(client, this.options);
    const isAlone = named !== undefined && this.kind.track !== undefined;
    if (!isAlone || later.length > 0)
      this.others = await this.kind.trackOthers?.(isAlone ? later : [...clients, ...later]);
    // What is tracked does not always show it, as behind a proxy.
    const includes = (client: object): boolean =>
      clients.includes(client as C) || this.others?.includes(client) === true;
    this[TRACKS_EVERY] = this.isTracking || this.others ? includes : undefined;
  }

  [DESCRIBES_ITSELF](): SelfDescription {
    const { client, doors } = this.kind;
    return this.isTracking ? { adapters: [{ client, doors }] } : {};
  }

  onApplicationShutdown(): void {
    this.others?.leave();
  }

  private named(): readonly C[] | undefined {
    const { module, option } = this.kind;
    const given = this.options[option] as InjectionToken | readonly InjectionToken[] | undefined;
    if (given === undefined) return undefined;
    const tokens = [given].flat() as readonly InjectionToken[];
    return tokens
      .filter((token) => this.options.optional !== true || this.isProvided(token))
      .map((token) => clientBehind(token, this.providers, module, option));
  }

  private isProvided(token: InjectionToken): boolean {
    return [...this.modules.values()].some(({ providers }) => providers.has(token));
  }

  /** @throws AirlockOptionsError, except where a test has replaced objects by mocks */
  private findNothing(): void {
    const { module, client, option, call } = this.kind;
    const nothing = `${module} found no ${client} in the application.`;
    if (!hasMocks(this.modules)) {
      throw new AirlockOptionsError(
        option,
        `${nothing} Provide one, name its token with \`${option}\`, call \`${call}\` where it is made, ` +
          'or say `optional: true` where an application, or a test of it, may have none.',
      );
    }
    new SafeLogger(new Logger('Airlock')).warn(
      `${nothing} Since others of its providers are mocks of a test, it starts without: effects know no transaction.`,
    );
  }
}

function hasMocks(modules: ModulesContainer): boolean {
  return [...proxiesIn(modules).keys(), ...objectsIn(modules).keys()].some(isMock);
}

/** Finds the singletons, and what they hold in properties, that are clients. @internal */
export function held<C extends object>(
  is: (object: object) => object is C,
): ClientKind<C, OptionalClients>['find'] {
  return (modules) => [...objectsIn(modules).keys()].filter(is);
}

/**
 * Tracks all clients that share something with one that was found, such as a class. Where none was
 * found, they are made later, such as one per tenant: then all that the installed package can make
 * are tracked.
 *
 * @param is tells clients from other objects
 * @param commonOf returns what a client shares with others; undefined if nothing
 * @param track tracks all clients that share it, and returns a function that ends this
 * @param installed makes one of each kind that the installed package has, connected to nothing
 * @internal
 */
export function likeThose<C extends object>(
  is: (object: object) => object is C,
  commonOf: (client: C) => object | undefined,
  track: (client: C) => () => void,
  installed: () => Promise<readonly C[]>,
): (found: readonly C[]) => Promise<Others> {
  return async (found) => {
    const like = found.length > 0 ? found : await installed();
    const byCommon = new Map(like.map((client) => [commonOf(client), client]));
    byCommon.delete(undefined);
    const ends = [...byCommon.values()].map(track);
    return {
      includes: (object) => is(object) && byCommon.has(commonOf(object)),
      leave() {
        for (const end of ends) end();
      },
    };
  };
}
