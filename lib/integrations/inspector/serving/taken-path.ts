import 'reflect-metadata';
import { RequestMethod, type Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { AirlockOptionsError } from '../../../errors/airlock-options.error.js';

type Module = ModulesContainer extends Map<string, infer M> ? M : never;

/** One route, as metadata says it. */
interface Route {
  /** `GET /airlock` */
  readonly address: string;
  /** `AdminController.index` */
  readonly handler: string;
}

/**
 * Refuses a path that a route of the application has already: the platform would decide which of
 * the two answers.
 *
 * @param inspector the controller of the inspector
 * @throws AirlockOptionsError
 * @internal
 */
export function assertPathIsFree(modules: ModulesContainer, inspector: Type, path: string): void {
  const ours = new Set<string>();
  const others: Route[] = [];
  for (const module of modules.values()) {
    for (const { metatype } of module.controllers.values()) {
      const routes = routesOf(modules, module, metatype as Type);
      if (metatype === inspector) for (const { address } of routes) ours.add(address);
      else others.push(...routes);
    }
  }
  const taken = others.find(
    ({ address }) => ours.has(address) || ours.has(address.replace(/^ALL /, 'GET ')),
  );
  if (taken === undefined) return;
  throw new AirlockOptionsError(
    'path',
    `\`path\` of AirlockInspectorModule is '${path}', but ${taken.handler} answers ${taken.address} already. ` +
      "Give the inspector another one: `AirlockInspectorModule.forRoot({ path: 'internal/airlock' })`.",
  );
}

/** Lists the routes of one controller, without the global prefix, which all have. */
function routesOf(
  modules: ModulesContainer,
  { metatype: moduleType }: Module,
  controller: Type,
): readonly Route[] {
  const above = modulePath(modules, moduleType);
  const versioned = Reflect.getMetadata('__version__', controller) as unknown;
  const prototype = controller.prototype as Record<string, object>;
  const routes: Route[] = [];
  for (const key of new MetadataScanner().getAllMethodNames(prototype)) {
    const method = prototype[key]!;
    const verb = Reflect.getMetadata('method', method) as RequestMethod | undefined;
    if (verb === undefined || hasVersion(Reflect.getMetadata('__version__', method) ?? versioned))
      continue;
    for (const base of listOf(Reflect.getMetadata('path', controller))) {
      for (const rest of listOf(Reflect.getMetadata('path', method))) {
        const address = `${RequestMethod[verb]} ${joined(above, base, rest)}`;
        routes.push({ address, handler: `${controller.name}.${key}` });
      }
    }
  }
  return routes;
}

/** Returns the path that `RouterModule` has put a module under. */
function modulePath(modules: ModulesContainer, type: Type): string {
  const key = '__module_path__';
  return (Reflect.getMetadata(key + modules.applicationId, type) ??
    Reflect.getMetadata(key, type) ??
    '') as string;
}

/** True for a version of its own, which a route without one does not collide with. */
function hasVersion(version: unknown): boolean {
  return (
    typeof version === 'string' ||
    (Array.isArray(version) && version.every((one) => typeof one === 'string'))
  );
}

function listOf(path: unknown): readonly string[] {
  return (Array.isArray(path) ? path : [path ?? '']) as string[];
}

function joined(...parts: readonly string[]): string {
  const segments = parts.flatMap((part) => part.split('/')).filter((segment) => segment !== '');
  return `/${segments.join('/')}`.toLowerCase();
}
