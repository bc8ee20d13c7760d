import type { ModulesContainer } from '@nestjs/core';
import type { PolicyRef } from '../../core/model/policy.js';
import type { AirlockRuntime } from '../../core/runtime.js';
import { objectsIn, proxiesIn } from '../boot-checks/held-objects.js';
import { isTrackedProxy, tracksTransactions } from '../boot-checks/tracked-clients.js';
import type { AirlockReport, EntryPointReport } from '../services/airlock-report.js';
import {
  type AdapterReport,
  descriptionOf,
  type SelfDescription,
} from '../services/self-description.js';
import { printable } from '../services/print-report.js';
import type { AirlockExplorer } from './airlock.explorer.js';
import type { Boundaries } from './boundaries.js';
import { reportsOf } from './policy-reports.js';

/** The parts of an application that a report tells of. @internal */
export interface Explained {
  readonly runtime: AirlockRuntime;
  readonly modules: ModulesContainer;
  readonly boundaries: Boundaries;
  readonly explorer: AirlockExplorer;
  readonly intercepted: readonly string[];
  readonly warnings: readonly string[];
  /** The policies of `forRoot`. */
  readonly policy: PolicyRef | readonly PolicyRef[] | undefined;
}

/** The facts in the line of the start. @internal */
export type Summary = Pick<
  AirlockReport,
  'boundaries' | 'executors' | 'effects' | 'intercepted' | 'policies'
>;

/** Reports in short what is in force, without a search of what providers hold. @internal */
export function summarize({ runtime, boundaries, explorer, intercepted }: Explained): Summary {
  const { effects } = explorer;
  // Effects may name `in-process`, which needs no entry in the options.
  const names = new Set([...runtime.executorNames, ...effects.map(({ executor }) => executor)]);
  names.delete('default');
  const named = [...names].map((name) => [name, classNameOf(runtime.executorNamed(name))] as const);
  return {
    boundaries: boundaries.explain(),
    executors: { default: classNameOf(runtime.defaultExecutor), ...Object.fromEntries(named) },
    effects,
    intercepted,
    policies: runtime.policies.map(classNameOf),
  };
}

/** Reports what is in force in an application. @internal */
export function explain(application: Explained): AirlockReport {
  const { modules, boundaries, explorer, warnings, policy } = application;
  const own = reportsOf(policy, 'AirlockModule');
  const closed = (entryPoint: EntryPointReport): EntryPointReport => ({
    ...entryPoint,
    policies: [...entryPoint.policies, ...own],
  });
  const objects = objectsIn(modules);
  const descriptions = [...objects.keys()].map(descriptionOf);
  return printable({
    ...summarize(application),
    entryPoints: [...boundaries.entryPoints, ...explorer.scopedMethods].map(closed),
    adapters: adaptersIn(modules, objects, descriptions),
    workers: descriptions.flatMap(({ workers = [] }) => workers),
    warnings: [...warnings],
  });
}

/** The class of an executor or a policy; a minifier may have left it without a name. */
function classNameOf(instance: object): string {
  const { name } = instance.constructor;
  return name === 'Object' ? 'function' : name || '(no name)';
}

/**
 * Adapters that describe themselves; if none does, the clients that are tracked.
 */
function adaptersIn(
  modules: ModulesContainer,
  objects: ReadonlyMap<object, string>,
  descriptions: readonly SelfDescription[],
): readonly AdapterReport[] {
  const described = descriptions.flatMap(({ adapters = [] }) => adapters);
  if (described.length > 0) return described;
  const tracked = [
    ...[...objects].filter(([object]) => tracksTransactions(object)),
    ...[...proxiesIn(modules)].filter(([proxy]) => isTrackedProxy(proxy)),
  ];
  return tracked.map(([, client]) => ({ client, doors: [] }));
}
