export {
  type AirlockInspectorAsyncOptions,
  AirlockInspectorModule,
  type AirlockInspectorOptionsFactory,
} from './airlock-inspector.module.js';
export type { AirlockInspectorOptions, InspectedCall } from './inspector.options.js';
