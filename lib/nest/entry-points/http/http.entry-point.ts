import { methodsWith, type InterceptedEntryPoint } from '../../boundaries/entry-point.js';
import { HttpBoundary } from './http.boundary.js';

/** A request to a controller's route. @internal */
export const http: InterceptedEntryPoint = {
  name: 'http',
  find: (candidate) => (candidate.isController ? methodsWith('method', candidate) : []),
  boundary: (runtime, options, module) => new HttpBoundary(runtime, options, module),
};
