import type { MeterProvider, TracerProvider } from '@opentelemetry/api';

/** Options of `AirlockOpenTelemetryModule.forRoot`. @publicApi */
export interface AirlockOpenTelemetryOptions {
  /**
   * Relation of a run's span to that of its call. `link`: it belongs to the trace of what runs it, such as a worker, and is linked to the call, as the conventions for
   * messaging have it. `parent`: it is a child of the call, so that one trace shows all.
   *
   * @default 'link'
   */
  readonly relation?: 'link' | 'parent';
  /** @default the global one, if an SDK has registered any before the application is made */
  readonly tracerProvider?: TracerProvider;
  /** @default the global one, if an SDK has registered any before the application is made */
  readonly meterProvider?: MeterProvider;
}

/** @internal */
export const AIRLOCK_OPENTELEMETRY_OPTIONS: unique symbol = Symbol('AIRLOCK_OPENTELEMETRY_OPTIONS');
