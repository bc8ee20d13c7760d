import type { Type } from '@nestjs/common';
import { Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/**
 * Makes a module's hooks run before those of every other, wherever it is imported; they would
 * otherwise run by distance from the root, global modules first, ties in the order of imports. To
 * be called while Nest makes providers: the order is fixed at the first hook.
 *
 * @internal
 */
export function initialiseFirst(modules: ModulesContainer, type: Type): void {
  setDistance(modules, type, Infinity);
}

/**
 * Lets a module's hooks at the end run before all others: those run the other way round.
 * @internal
 */
export function destroyFirst(modules: ModulesContainer, type: Type): void {
  setDistance(modules, type, -Infinity);
}

/** Lets a module's hook at the end of a boot run when those of all others have. @internal */
export function bootstrapLast(modules: ModulesContainer, type: Type): void {
  setDistance(modules, type, -Infinity);
}

function setDistance(modules: ModulesContainer, type: Type, distance: number): void {
  for (const module of modules.values()) if (module.metatype === type) module.distance = distance;
}

/** Work to be done before anything else is destroyed. @internal */
@Injectable()
export class Shutdown implements OnModuleDestroy {
  private begin: (() => Promise<void>) | undefined;

  beginsWith(begin: () => Promise<void>): void {
    this.begin = begin;
  }

  async onModuleDestroy(): Promise<void> {
    await this.begin?.();
  }
}

/**
 * A module of its own, since `AirlockModule` runs first at the start and so last at the end.
 * @internal
 */
@Module({ providers: [Shutdown], exports: [Shutdown] })
export class AirlockShutdownModule {}
