import 'reflect-metadata';
import type { NestInterceptor } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { AirlockInterceptor } from '../boundaries/airlock.interceptor.js';
import { eachInstance, membersOf, type Wrapper } from '../container/providers.js';
import { INTERCEPTORS, MessageInterceptor } from './message.interceptor.js';

/**
 * Calls `fn` with every interceptor of an application but Airlock's: global ones, those that
 * classes and methods name, by class or as objects, and each that Nest makes per request.
 *
 * @internal
 */
export function eachInterceptor(
  modules: ModulesContainer,
  config: ApplicationConfig,
  fn: (interceptor: NestInterceptor) => void,
): void {
  const seen = (value: unknown): void => {
    if (isInterceptor(value)) fn(value);
  };
  config.getGlobalInterceptors().forEach(seen);
  const madePerRequest = config.getGlobalRequestInterceptors() as readonly Wrapper[];
  for (const wrapper of madePerRequest) eachInstance(wrapper, seen);
  for (const module of modules.values()) {
    for (const wrapper of module.injectables.values()) eachInstance(wrapper as Wrapper, seen);
  }
  for (const { type, marked } of membersOf(modules)) {
    const prototype = type.prototype as Record<string, object>;
    for (const holder of [type, ...marked.map((key) => prototype[key]!)])
      namedOn(holder).forEach(seen);
  }
}

function namedOn(holder: object): readonly unknown[] {
  return (Reflect.getMetadata(INTERCEPTORS, holder) as readonly unknown[] | undefined) ?? [];
}

function isInterceptor(value: unknown): value is NestInterceptor {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof AirlockInterceptor || value instanceof MessageInterceptor) return false;
  return typeof (value as Partial<NestInterceptor>).intercept === 'function';
}
