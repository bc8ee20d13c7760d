export { AirlockOpenTelemetryModule } from './airlock-opentelemetry.module.js';
export type { AirlockOpenTelemetryOptions } from './opentelemetry.options.js';
