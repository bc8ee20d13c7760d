import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
} from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { firstValueFrom, isObservable } from 'rxjs';
import { ClassResolver } from '../../../nest/container/class-resolver.js';
import { importerOf } from '../../../nest/container/module-lookup.js';
import { unresolved } from '../../../nest/container/place-in-error.js';
import type { InspectorSettings } from '../inspector.settings.js';
import { isOfOtherSite } from './other-sites.js';

/**
 * The guards of the options, resolved from the module that imports the inspector: Nest would look
 * for those of a controller in the controller's own module, where the application's providers
 * cannot be seen.
 *
 * @internal
 */
export class GuardChain implements CanActivate {
  private guards: readonly CanActivate[] | undefined;

  constructor(private readonly settings: InspectorSettings) {}

  /**
   * To be called when providers are built.
   *
   * @param inspector the module that the guards' own module imports
   * @throws AirlockOptionsError for a guard that cannot be resolved
   */
  async resolve(
    modules: ModulesContainer,
    inspector: Parameters<typeof importerOf>[1],
  ): Promise<void> {
    const classes = new ClassResolver(modules);
    classes.areBuilt = true;
    classes.root = await importerOf(modules, inspector);
    const guards: CanActivate[] = [];
    for (const guard of this.settings.guards) {
      if (typeof guard !== 'function') {
        guards.push(guard);
        continue;
      }
      try {
        await classes.prepare(guard, undefined);
        guards.push(classes.instanceOf(guard, undefined));
      } catch (error) {
        throw unresolved('`guards` of AirlockInspectorModule', error as Error);
      }
    }
    this.guards = guards;
  }

  /** True if all guards allow the request; false before they are resolved. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.guards === undefined) return false;
    for (const guard of this.guards) {
      const answer = guard.canActivate(context);
      if (!(await (isObservable(answer) ? firstValueFrom(answer) : answer))) return false;
    }
    return true;
  }
}

/**
 * Guard of the controller, which asks the guards of the options. Nest makes its own instance of it.
 * @internal
 */
@Injectable()
export class InspectorGuard implements CanActivate {
  constructor(@Inject(GuardChain) private readonly chain: GuardChain) {}

  /** @throws ForbiddenException for a request of another site's page */
  canActivate(context: ExecutionContext): Promise<boolean> {
    if (isOfOtherSite(context.switchToHttp().getRequest())) {
      throw new ForbiddenException('Pages of other sites may not ask the inspector anything.');
    }
    return this.chain.canActivate(context);
  }
}
