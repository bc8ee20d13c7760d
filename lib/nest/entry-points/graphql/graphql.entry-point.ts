import type { Candidate } from '../../container/candidate.js';
import { methodsWith, type InterceptedEntryPoint } from '../../boundaries/entry-point.js';
import { GraphqlBoundary } from './graphql.boundary.js';

/**
 * The fields of a resolver (`@ResolveField`): Nest runs interceptors for them only under
 * `fieldResolverEnhancers`, and then each opens a scope as a root field does.
 *
 * @internal
 */
export function fieldsOf(candidate: Candidate): readonly string[] {
  return methodsWith('graphql:resolve_property', candidate);
}

/** Token of the options that `GraphQLModule` is set up with. */
const OPTIONS = 'GqlModuleOptions';

/** True if a provider is options by which fields run interceptors. @internal */
export function runsFieldInterceptors(token: unknown, instance: unknown): boolean {
  if (token !== OPTIONS) return false;
  const { fieldResolverEnhancers } = (instance ?? {}) as {
    readonly fieldResolverEnhancers?: unknown;
  };
  return Array.isArray(fieldResolverEnhancers) && fieldResolverEnhancers.includes('interceptors');
}

/**
 * A root field: `@Query`, `@Mutation`, `@Subscription`, and each event of a subscription. Field
 * resolvers open a scope only under `fieldResolverEnhancers`.
 * @internal
 */
export const graphql: InterceptedEntryPoint = {
  name: 'graphql',
  find: (candidate) => methodsWith('graphql:resolver_type', candidate),
  boundary: (runtime, options, module) => new GraphqlBoundary(runtime, options, module),
};
