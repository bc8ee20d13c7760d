import { InterceptedBoundary } from '../intercepted.boundary.js';
import { methodsWith, type InterceptedEntryPoint } from './entry-point.js';

/** A root field: `@Query`, `@Mutation`, `@Subscription`. Field resolvers open one only under `fieldResolverEnhancers`. @internal */
export const graphql: InterceptedEntryPoint = {
  name: 'graphql',
  find: (candidate) => methodsWith('graphql:resolver_type', candidate),
  boundary: (runtime, options, module) => new InterceptedBoundary(runtime, options, module),
};
