import 'reflect-metadata';
import type { ExceptionFilter, NestInterceptor } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { AirlockInterceptor } from '../boundaries/airlock.interceptor.js';
import { eachInstance, type Member, type Wrapper } from '../container/providers.js';
import { INTERCEPTORS, MessageInterceptor } from './message.interceptor.js';

/** `EXCEPTION_FILTERS_METADATA` of `@nestjs/common/constants`. */
const FILTERS = '__exceptionFilters__';

/**
 * Calls `fn` with every interceptor of an application but Airlock's: global ones, those that
 * classes and methods name, by class or as objects, and each that Nest makes per request.
 *
 * @internal
 */
export function eachInterceptor(
  modules: ModulesContainer,
  members: readonly Member[],
  config: ApplicationConfig,
  fn: (interceptor: NestInterceptor) => void,
): void {
  const madePerRequest = config.getGlobalRequestInterceptors() as readonly Wrapper[];
  eachEnhancer(
    modules,
    members,
    INTERCEPTORS,
    config.getGlobalInterceptors(),
    madePerRequest,
    (value) => {
      if (isInterceptor(value)) fn(value);
    },
  );
}

/**
 * Calls `fn` with every exception filter of an application, as `eachInterceptor` does.
 * @internal
 */
export function eachExceptionFilter(
  modules: ModulesContainer,
  members: readonly Member[],
  config: ApplicationConfig,
  fn: (filter: ExceptionFilter) => void,
): void {
  const madePerRequest = config.getGlobalRequestFilters() as readonly Wrapper[];
  eachEnhancer(modules, members, FILTERS, config.getGlobalFilters(), madePerRequest, (value) => {
    if (isFilter(value)) fn(value);
  });
}

/** @param seen called with other enhancers as well */
function eachEnhancer(
  modules: ModulesContainer,
  members: readonly Member[],
  key: string,
  globals: readonly unknown[],
  madePerRequest: readonly Wrapper[],
  seen: (value: unknown) => void,
): void {
  globals.forEach(seen);
  for (const wrapper of madePerRequest) eachInstance(wrapper, seen);
  for (const module of modules.values()) {
    for (const wrapper of module.injectables.values()) eachInstance(wrapper as Wrapper, seen);
  }
  for (const { type, marked } of members) {
    const prototype = type.prototype as Record<string, object>;
    for (const holder of [type, ...Array.from(marked.keys(), (name) => prototype[name]!)])
      namedOn(holder, key).forEach(seen);
  }
}

function namedOn(holder: object, key: string): readonly unknown[] {
  return (Reflect.getMetadata(key, holder) as readonly unknown[] | undefined) ?? [];
}

function isInterceptor(value: unknown): value is NestInterceptor {
  if (value instanceof AirlockInterceptor || value instanceof MessageInterceptor) return false;
  return hasMethod(value, 'intercept');
}

function isFilter(value: unknown): value is ExceptionFilter {
  return hasMethod(value, 'catch');
}

function hasMethod(value: unknown, key: string): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Record<string, unknown>)[key] === 'function'
  );
}
