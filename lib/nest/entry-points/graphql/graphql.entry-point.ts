import type { Candidate } from '../../container/candidate.js';
import { methodsWith, type InterceptedEntryPoint } from '../../boundaries/entry-point.js';
import { GraphqlBoundary } from './graphql.boundary.js';

/**
 * The fields of a resolver (`@ResolveField`, and `@ResolveReference` of a federation): Nest runs
 * interceptors for them only under `fieldResolverEnhancers`, and then each opens a scope as a root
 * field does.
 */
function fieldsOf(candidate: Candidate): readonly string[] {
  return ['graphql:resolve_property', 'graphql:resolve_reference'].flatMap((key) =>
    methodsWith(key, candidate),
  );
}

/** Token of the options that `GraphQLModule` is set up with. */
const OPTIONS = 'GqlModuleOptions';

/** True if a provider is options by which fields run interceptors. */
function runsFieldInterceptors(token: unknown, instance: unknown): boolean {
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
  optional: { find: fieldsOf, areOn: runsFieldInterceptors },
  boundary: (runtime, options, module) => new GraphqlBoundary(runtime, options, module),
};
