import type { HttpServer } from '@nestjs/common';
import type { AirlockRuntime } from '../../core/runtime.js';
import type { Boundary, HandlerPlan } from '../boundaries/boundary.js';
import { type EntryPoint, methodsWith, type WrappedEntryPoint } from '../boundaries/entry-point.js';
import { interceptedEntryPoints, wrappedEntryPoints } from '../entry-points/entry-points.js';
import { http } from '../entry-points/http/http.entry-point.js';
import { eachInstance, type Member } from '../container/providers.js';
import { OtherBoundary } from '../entry-points/rpc/other.boundary.js';
import type { AirlockModuleOptions } from '../options/airlock-options.js';
import type {
  BoundaryName,
  BoundaryOptions,
  EntryPointOptions,
} from '../options/boundary-options.js';
import type { Candidate, Class } from '../container/candidate.js';
import type { BoundaryReport, EntryPointReport } from '../services/airlock-report.js';
import { decoratedWith, reportsOf } from './policy-reports.js';
import { WrappedBoundary } from '../boundaries/wrapped.boundary.js';

/** One kind of entry point, as the options of an application set it. */
interface InForce<E extends EntryPoint, B> {
  readonly entryPoint: E;
  readonly options: BoundaryOptions;
  /** Undefined if it is switched off. */
  readonly boundary: B | undefined;
  /** The methods it covers, by `Class.method`. */
  readonly covered: Map<string, Covered>;
}

/** A method that is covered. */
interface Covered {
  readonly type: Class;
  readonly key: string;
  readonly plan: HandlerPlan;
}

/**
 * All boundaries of one application.
 *
 * @internal
 */
export class Boundaries {
  /** By the type of the execution context. */
  readonly byContext: ReadonlyMap<string, Boundary>;
  /**
   * Boundary of unknown context types, such as those of handlers that third parties build with
   * Nest's external context creator.
   */
  private readonly others: Boundary;
  private readonly intercepted: readonly InForce<EntryPoint, Boundary>[];
  private readonly wrapped: readonly InForce<EntryPoint, WrappedBoundary>[];
  private readonly found = new WeakMap<Member, ReadonlySet<string>>();
  /** The kinds whose optional methods are entry points in this application. */
  private readonly withOptional = new Set<EntryPoint>();

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly settings: AirlockModuleOptions,
  ) {
    this.intercepted = interceptedEntryPoints.map((entryPoint) =>
      this.inForce(entryPoint, (options) => entryPoint.boundary(runtime, options, settings)),
    );
    const own = (settings.entryPoints ?? []).map(({ name, metadataKey }): WrappedEntryPoint => ({
      name,
      find: (candidate) => methodsWith(metadataKey, candidate),
    }));
    this.others = new OtherBoundary(runtime, {}, settings);
    this.wrapped = [...wrappedEntryPoints, ...own].map((entryPoint) =>
      this.inForce(
        entryPoint,
        (options) => new WrappedBoundary(entryPoint, runtime, options, settings),
      ),
    );
    this.byContext = new Map(
      this.intercepted.flatMap(({ entryPoint: { name }, boundary }) =>
        boundary ? [[name, boundary] as const] : [],
      ),
    );
  }

  /** The boundary for a type of execution context; undefined if it is switched off. */
  readonly of = (type: string): Boundary | undefined =>
    interceptedEntryPoints.some(({ name }) => name === type)
      ? this.byContext.get(type)
      : this.others;

  applyTo(server: HttpServer): void {
    for (const boundary of this.byContext.values()) boundary.applyTo?.(server);
  }

  /** To be called when Nest has made all providers, and has handed none of them to a peer. */
  coverGateways(members: readonly Member[]): void {
    for (const { entryPoint, boundary } of this.intercepted) {
      if (boundary?.coverGateway === undefined) continue;
      for (const member of members) {
        if (entryPoint.find(member).length > 0)
          eachInstance(member.wrapper, (instance) => boundary.coverGateway!(instance, member));
      }
    }
  }

  /** To be called before the modules of the application are initialised. */
  start(): void {
    for (const boundary of this.byContext.values()) boundary.start?.();
  }

  /** To be called before the first of these members is covered. */
  noteProviders(members: readonly Member[]): void {
    for (const { entryPoint } of this.intercepted) {
      const { optional } = entryPoint;
      if (
        optional &&
        members.some(({ wrapper, instance }) => optional.areOn(wrapper.token, instance))
      )
        this.withOptional.add(entryPoint);
    }
  }

  /**
   * The names of a member's methods that are entry points of any kind, switched off or not, as a
   * controller or as a provider.
   */
  entryPointsOf(member: Member): ReadonlySet<string> {
    let names = this.found.get(member);
    if (names === undefined) {
      const kinds = [...this.intercepted, ...this.wrapped].map(({ entryPoint }) => entryPoint);
      this.found.set(member, (names = this.namesOf(kinds, member)));
    }
    return names;
  }

  /** The handlers among them that answer an HTTP request. */
  routesOf(member: Member): ReadonlySet<string> {
    return this.namesOf([http], member);
  }

  /**
   * Finds a member's entry points and resolves what their decorators name; wraps those that Nest
   * runs no interceptors for.
   *
   * @throws AirlockOptionsError for what cannot be resolved, and for an instance that cannot be
   *   wrapped
   */
  cover(member: Member): void {
    const { type, wrapper } = member;
    for (const { entryPoint, boundary, covered } of this.intercepted) {
      if (boundary === undefined) continue;
      for (const key of this.methodsOf(entryPoint, member)) {
        const method = (type.prototype as Record<string, { readonly name: string }>)[key]!;
        const plan = boundary.plans.of(type, method);
        if (plan.isSkipped) continue;
        covered.set(`${type.name}.${key}`, { type, key, plan });
        if (member.instance !== undefined) boundary.cover?.(member.instance, key, plan.scope);
      }
    }
    if (member.instance !== undefined)
      for (const { boundary } of this.wrapped) boundary?.coverSender(member.instance, member);
    const kinds = this.wrapped
      .map((kind) => ({ ...kind, keys: kind.entryPoint.find(member) }))
      .filter(({ boundary, keys }) => boundary !== undefined && keys.length > 0);
    if (kinds.length === 0) return;
    for (const { boundary, keys, covered } of kinds) {
      const holder = member.instance ?? (type.prototype as object);
      for (const [key, plan] of boundary!.plansOf(
        holder,
        type,
        keys,
        member.instance !== undefined,
      ))
        covered.set(`${type.name}.${key}`, { type, key, plan });
    }
    eachInstance(wrapper, (instance, isLasting) => {
      for (const { boundary, keys } of kinds) boundary!.cover(instance, type, keys, isLasting);
    });
  }

  /** To be called when all modules are initialised. */
  ready(): void {
    for (const { boundary } of [...this.intercepted, ...this.wrapped]) boundary?.ready?.();
  }

  /** Stops entry points from taking more work, if they can; resolves when their work is done. */
  async stop(): Promise<void> {
    await Promise.all(this.wrapped.map(async ({ boundary }) => boundary?.stop()));
  }

  explain(): readonly BoundaryReport[] {
    return [...this.intercepted, ...this.wrapped].map(
      ({ entryPoint: { name }, options, boundary, covered }) => ({
        name: name as BoundaryName,
        isOn: boundary !== undefined,
        policies: this.runtime
          .policiesOf(options.policy)
          .map(({ constructor }) => constructor.name),
        entryPoints: [...covered.keys()],
        ...(boundary !== undefined &&
          'openAt' in boundary && { openAt: boundary.openAt, dispatch: boundary.dispatch }),
      }),
    );
  }

  /** Every covered method, without the policies of the application. */
  get entryPoints(): readonly EntryPointReport[] {
    return [...this.intercepted, ...this.wrapped].flatMap(
      ({ entryPoint: { name }, options, boundary, covered }) =>
        [...covered].map(([method, { type, key, plan }]) => ({
          name: method,
          boundary: name as BoundaryName,
          policies: [
            ...decoratedWith(
              type,
              (type.prototype as Record<string, object | undefined>)[key],
              key,
            ),
            ...reportsOf(options.policy, `boundaries.${name}`),
          ],
          ...(boundary !== undefined &&
            'openAt' in boundary && {
              openAt: boundary.openAt,
              dispatch: plan.dispatch ?? boundary.dispatch,
            }),
        })),
    );
  }

  private methodsOf(entryPoint: EntryPoint, candidate: Candidate): readonly string[] {
    const names = entryPoint.find(candidate);
    return this.withOptional.has(entryPoint)
      ? [...names, ...entryPoint.optional!.find(candidate)]
      : names;
  }

  private namesOf(kinds: readonly EntryPoint[], member: Member): ReadonlySet<string> {
    // No kind finds fewer methods in a controller than in a provider.
    const candidate = { ...member, isController: true };
    const instance = member.instance as Record<string, unknown> | undefined;
    // A property may get its handler later, when nothing covers it any more.
    const isThere = (name: string): boolean => !instance || typeof instance[name] === 'function';
    return new Set(kinds.flatMap((kind) => this.methodsOf(kind, candidate)).filter(isThere));
  }

  private inForce<E extends EntryPoint, B>(
    entryPoint: E,
    build: (options: BoundaryOptions) => B,
  ): InForce<E, B> {
    const { boundaries, entryPoints } = this.settings;
    const own = entryPoints?.find(({ name }) => name === entryPoint.name);
    const setting =
      own === undefined ? (boundaries?.[entryPoint.name as BoundaryName] ?? true) : optionsOf(own);
    const options = typeof setting === 'object' ? setting : {};
    return {
      entryPoint,
      options,
      boundary: setting === false ? undefined : build(options),
      covered: new Map(),
    };
  }
}

function optionsOf({ policy }: EntryPointOptions): BoundaryOptions {
  return policy === undefined ? {} : { policy };
}
