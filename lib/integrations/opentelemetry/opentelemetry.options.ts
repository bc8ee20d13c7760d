/** OpenTelemetry's `TracerProvider`, by the method that is called. @publicApi */
export interface ProvidesTracers {
  getTracer(name: string): object;
}

/** OpenTelemetry's `MeterProvider`, by the method that is called. @publicApi */
export interface ProvidesMeters {
  getMeter(name: string): object;
}

/** Options of `AirlockOpenTelemetryModule.forRoot`. @publicApi */
export interface AirlockOpenTelemetryOptions {
  /**
   * Relation of a run's span to that of its call. `link`: it belongs to the trace of what runs it,
   * such as a worker, and is linked to the call, as the conventions for messaging have it.
   * `parent`: it is a child of the call, so that one trace shows all.
   *
   * @default 'link'
   */
  readonly relation?: 'link' | 'parent';
  /** @default the global one, if an SDK has registered any before the application is made */
  readonly tracerProvider?: ProvidesTracers;
  /** @default the global one, if an SDK has registered any before the application is made */
  readonly meterProvider?: ProvidesMeters;
}

/** @internal */
export const AIRLOCK_OPENTELEMETRY_OPTIONS: unique symbol = Symbol('AIRLOCK_OPENTELEMETRY_OPTIONS');
