export { AirlockOpenTelemetryModule } from './airlock-opentelemetry.module.js';
export type {
  AirlockOpenTelemetryOptions,
  ProvidesMeters,
  ProvidesTracers,
} from './opentelemetry.options.js';
