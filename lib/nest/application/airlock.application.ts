import type { HttpServer, LoggerService } from '@nestjs/common';
import type { ApplicationConfig, LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import { AirlockRuntime } from '../../core/runtime.js';
import {
  applicationBegan,
  applicationEnded,
  applicationStarted,
} from '../../core/outside/running-applications.js';
import { Deadline } from '../../core/model/deadline.js';
import { listed } from '../../errors/thrown.js';
import { logsErrors } from '../log/error-log.js';
import { RecordingLogger } from '../log/recording-logger.js';
import { leftOver, logsUnits } from '../log/unit-log.js';
import { AirlockExplorer } from './airlock.explorer.js';
import { AirlockInterceptor } from '../boundaries/airlock.interceptor.js';
import { Boundaries } from './boundaries.js';
import { safely } from '../boundaries/boundary.js';
import { explain, type Explained, summarize } from './explain.js';
import { startupLine } from './startup-line.js';
import { ClassResolver } from '../container/class-resolver.js';
import { EffectRegistry } from '../remote/effect-registry.js';
import { mayCallEffects } from './effect-users.js';
import { EscapeDetector } from '../escapes/escape.detector.js';
import { assertImportedOnce } from '../container/imported-once.js';
import { eachExceptionFilter, eachInterceptor } from './enhancers.js';
import { claim } from '../methods/owner.js';
import { replaceOwn } from '../methods/replace-method.js';
import { coverFilter } from '../methods/cover-filter.js';
import { watchInvocations } from '../methods/invocations.js';
import { InterceptedProviders } from '../intercept/intercepted-providers.js';
import { watchLazyModules } from '../container/lazy-modules.js';
import { isBuilt, type Member, membersIn, membersOf } from '../container/providers.js';
import { importerOf, type ModuleOfNest } from '../container/module-lookup.js';
import {
  type Named,
  namedByOptions,
  namedOn,
  prepareClasses,
} from '../boot-checks/named-classes.js';
import { cancelNeverSubscribed } from '../calls/unsubscribed-scopes.js';
import { methodNamesIn, proxiedClassesIn } from '../boot-checks/object-names.js';
import type { AirlockModuleOptions } from '../options/airlock-options.js';
import { PolicyNames } from '../boot-checks/policy-names.js';
import { EffectWorker } from '../remote/effect-worker.js';
import { warnOfUncovered } from '../boot-checks/uncovered-handlers.js';
import type { AirlockReport } from '../services/airlock-report.js';
import { warnOfShortenedNames } from '../boot-checks/shortened-names.js';
import { warnOfTrackingNothing } from '../boot-checks/transactional-executors.js';
import { warnOfUntrackedClients } from '../boot-checks/untracked-clients.js';

/**
 * The airlock of one Nest application: its runtime, its boundaries, its start and its end.
 *
 * @internal
 */
export class AirlockApplication {
  readonly runtime: AirlockRuntime;
  readonly interceptor: AirlockInterceptor;
  readonly worker: EffectWorker;
  private readonly logger: RecordingLogger;
  private readonly registry: EffectRegistry;
  private readonly boundaries: Boundaries;
  private readonly providers: InterceptedProviders;
  private readonly escapes: EscapeDetector | undefined;
  private readonly explorer: AirlockExplorer;
  /** The end of exploring lazy modules so far; never rejects. */
  private loading = Promise.resolve();
  private stopping: Promise<void> | undefined;
  private isGone = false;
  private members: readonly Member[] | undefined;
  private readonly classes: ClassResolver;
  private readonly policyNames: PolicyNames;

  constructor(
    private readonly options: AirlockModuleOptions,
    private readonly modules: ModulesContainer,
    nestLogger: LoggerService,
  ) {
    applicationBegan();
    const logger = (this.logger = new RecordingLogger(nestLogger));
    this.classes = new ClassResolver(modules);
    this.policyNames = new PolicyNames(logger);
    this.runtime = new AirlockRuntime({
      ...options,
      instantiate: this.classes.instanceOf,
      inspect: (policy) => this.policyNames.inspect(policy),
      logError: logsErrors(options.log ?? {}, logger),
      onSettled: logsUnits(options.log ?? {}, logger),
      warn: (message) => logger.warn(message),
      slowFlushMs: process.env['NODE_ENV'] === 'production' ? undefined : 1_000,
    });
    this.registry = new EffectRegistry(this.runtime);
    this.boundaries = new Boundaries(this.runtime, options);
    this.explorer = new AirlockExplorer(this.runtime, this.boundaries, this.registry, logger);
    this.interceptor = new AirlockInterceptor(this.boundaries.of);
    this.worker = new EffectWorker(
      this.runtime,
      this.registry,
      safely(options.onDispatchError ?? 'report', this.runtime),
    );
    this.providers = new InterceptedProviders(modules, this.runtime, logger);
    const { detectEscapes = false } = options;
    if (detectEscapes !== false) {
      const how = typeof detectEscapes === 'string' ? { mode: detectEscapes } : detectEscapes;
      this.escapes = new EscapeDetector(this.runtime, logger, how);
    }
  }

  /** To be called before anything is registered with the server, if there is one. */
  applyTo(server: HttpServer | null | undefined, config: ApplicationConfig): void {
    if (!server) return;
    this.boundaries.applyTo(server);
    if (typeof server.init !== 'function') return;
    // Nest binds the filters of a route when it registers that, which is before any module is
    // initialised.
    replaceOwn(server, 'init', this.runtime, (original) => {
      return (...args) => {
        this.coverFilters(config);
        return original.apply(server, args);
      };
    });
  }

  /** To be called before Nest connects gateways, which is before any module is initialised. */
  coverGateways(): void {
    this.boundaries.coverGateways(this.membersAtStart);
  }

  private coverFilters(config: ApplicationConfig): void {
    const how = safely(this.options.onDispatchError ?? 'report', this.runtime);
    eachExceptionFilter(this.modules, this.membersAtStart, config, (filter) =>
      coverFilter(filter, this.runtime, how),
    );
  }

  /** Read when Nest has made all providers. */
  private get membersAtStart(): readonly Member[] {
    return (this.members ??= [...membersOf(this.modules)]);
  }

  /**
   * @throws AirlockOptionsError for anything that options or decorators name and that cannot be
   *   resolved
   */
  async start(config: ApplicationConfig, loader: LazyModuleLoader): Promise<void> {
    this.classes.areBuilt = true;
    this.boundaries.start();
    assertImportedOnce(this.modules, 'AirlockModule', AirlockApplication, 'it is global');
    this.classes.root = await importerOfThis(this.modules);
    const members = this.membersAtStart;
    const named = [...namedByOptions(this.options), ...namedOn(members)];
    await this.explore(members, named);
    for (const provider of this.options.intercept ?? []) this.providers.intercept(provider);
    eachInterceptor(this.modules, members, config, (interceptor) =>
      watchInvocations(interceptor, this.runtime),
    );
    this.escapes?.start(this.modules, members);
    this.checkNames(named);
    this.logger.log(startupLine(summarize(this.parts), this.options));
    watchLazyModules(loader, this.modules, this.runtime, (loaded) => {
      // Explored one after the other: overlapping loads may share modules.
      const exploring = this.loading.then(() => this.exploreLoaded(loaded));
      this.loading = exploring.catch(() => {});
      return exploring;
    });
  }

  /**
   * Explores lazy modules; their interceptors are left alone, since Nest runs no handlers there.
   */
  private async exploreLoaded(modules: Iterable<ModuleOfNest>): Promise<void> {
    // Providers that another load is still building are left to that one.
    const members = [...membersIn(modules)].filter(
      (member) => !this.explorer.knows(member) && isBuilt(member),
    );
    if (members.length === 0) return;
    const named = [...namedOn(members)];
    await this.explore(members, named);
    const instances = new Set(members.map(({ instance }) => instance));
    for (const provider of this.options.intercept ?? [])
      this.providers.intercept(provider, instances);
    this.escapes?.watchSenders(members);
    this.checkNames(named);
  }

  private async explore(members: readonly Member[], named: readonly Named[]): Promise<void> {
    this.classes.noteModules(members);
    await prepareClasses(this.classes, named);
    for (const name of this.runtime.executorNames) this.runtime.executorNamed(name);
    this.explorer.explore(members);
    for (const type of proxiedClassesIn(this.modules)) claim(type, this.runtime);
    if (members.some(mayCallEffects) || (this.options.intercept ?? []).length > 0)
      this.runtime.running.callsEffects = true;
    const isCovered = (member: Member, key: string): boolean =>
      this.explorer.entryPointsOf(member).has(key);
    if (this.runtime.running.callsEffects) warnOfUncovered(members, isCovered, this.logger);
  }

  private checkNames(named: readonly Named[]): void {
    const { policyNames, runtime, explorer } = this;
    const resolved = named.map(({ where, on, policies }) => ({
      where,
      policies: runtime.policiesOf(policies, on),
    }));
    policyNames.begin(
      () =>
        new Set([
          ...explorer.effects.map(({ name }) => name),
          ...methodNamesIn(explorer.members, proxiedClassesIn(this.modules)),
        ]),
    );
    for (const { where, policies } of resolved)
      for (const policy of policies) policyNames.inspect(policy, where);
  }

  /** To be called when all modules are initialised. */
  ready(): void {
    this.boundaries.ready();
    applicationStarted(this.runtime);
    warnOfTrackingNothing(this.modules, this.runtime, this.logger);
    warnOfUntrackedClients(this.modules, this.logger);
    warnOfShortenedNames(this.explorer.effectsNamedByClass, this.runtime, this.logger);
    this.logger.stop();
  }

  /**
   * Waits for running scopes, and names those that did not end in time (rule 24). Does so once,
   * since Nest 11 calls this at each `close()`.
   */
  async stop(): Promise<void> {
    return (this.stopping ??= this.end());
  }

  private async end(): Promise<void> {
    const timeoutMs = this.options.shutdownTimeoutMs ?? 10_000;
    const time = new Deadline(timeoutMs);
    await time.within(this.boundaries.stop().catch(this.runtime.logError)).catch(() => {});
    cancelNeverSubscribed(this.runtime);
    const left = await this.runtime.shutdown(time.leftMs);
    this.escapes?.stop();
    if (left.length === 0) return;
    this.logger.error(
      `Shutting down with scopes that did not end within ${timeoutMs} ms (\`shutdownTimeoutMs\`): ${listed(left, leftOver, '; ')}`,
    );
  }

  /** To be called when all modules have shut down: Nest 11 does so at each `close()`. */
  gone(): void {
    if (this.isGone) return;
    this.isGone = true;
    applicationEnded(this.runtime);
  }

  explain(): AirlockReport {
    return explain(this.parts);
  }

  private get parts(): Explained {
    const { runtime, modules, boundaries, explorer, options } = this;
    const { warnings } = this.logger;
    const { methods: intercepted } = this.providers;
    return {
      runtime,
      modules,
      boundaries,
      explorer,
      intercepted,
      warnings,
      policy: options.policy,
    };
  }
}

/** The module that imports `AirlockModule`. */
async function importerOfThis(modules: ModulesContainer): Promise<ModuleOfNest | undefined> {
  for (const module of modules.values())
    if (module.providers.has(AirlockApplication)) return importerOf(modules, module.metatype);
  return undefined;
}
