import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
// Not by name: an ESM import of a name that an older version lacks fails before its version is refused.
import * as api from '@opentelemetry/api';
import { AirlockRuntime } from '../../core/runtime.js';
import { bootstrapLast } from '../../nest/container/hook-order.js';
import { checkOptions, expectThat, isRecord, oneOf } from '../../nest/options/option-checks.js';
import { requirePeer } from '../../installation/required-peer.js';
import { type Gauges, recordMetrics } from './effect.metrics.js';
import {
  AIRLOCK_OPENTELEMETRY_OPTIONS,
  type AirlockOpenTelemetryOptions,
} from './opentelemetry.options.js';
import { hasMeterProvider, hasTracerProvider } from './sdk.js';
import { recordScopes } from './scope.attributes.js';
import { recordSends } from './send.spans.js';
import { TraceCarrier } from './trace.carrier.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AirlockOpenTelemetryOptions>({
  optionsInjectionToken: AIRLOCK_OPENTELEMETRY_OPTIONS,
})
  .setClassMethodName('forRoot')
  .build();

const provider = (method: string) =>
  expectThat(`a provider with \`${method}\``, (value) => isRecord(value) && method in value);

/**
 * Spans and metrics of effects, by OpenTelemetry's conventions for messaging: `create` at the call,
 * `send` where an engine takes it, `process` at the run, in this process and in workers. Without an
 * SDK it does nothing. Needs `AirlockModule`; the SDK is started before the application is made, as
 * its instrumentations need it.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     AirlockModule.forRoot(),
 *     AirlockOpenTelemetryModule.forRoot({ relation: 'parent' }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({})
export class AirlockOpenTelemetryModule
  extends ConfigurableModuleClass
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  readonly #gauges: Gauges | undefined;

  /** @internal Built by Nest. @throws AirlockOptionsError */
  constructor(
    @Inject(AIRLOCK_OPENTELEMETRY_OPTIONS) options: AirlockOpenTelemetryOptions,
    @Inject(AirlockRuntime) runtime: AirlockRuntime,
    @Inject(ModulesContainer) modules: ModulesContainer,
  ) {
    super();
    requirePeer('@opentelemetry/api', '>=1.4.0', 'nestjs-airlock/opentelemetry');
    checkOptions(options, {
      relation: oneOf('link', 'parent'),
      tracerProvider: provider('getTracer'),
      meterProvider: provider('getMeter'),
    });
    const { relation = 'link', tracerProvider, meterProvider } = options;
    if (tracerProvider !== undefined || hasTracerProvider()) {
      const tracer = (tracerProvider ?? api.trace).getTracer('nestjs-airlock') as api.Tracer;
      runtime.carryWith(new TraceCarrier(tracer, relation));
      recordSends(runtime, tracer);
      recordScopes(runtime);
    }
    if (meterProvider === undefined && !hasMeterProvider()) return;
    this.#gauges = recordMetrics(
      runtime,
      (meterProvider ?? api.metrics).getMeter('nestjs-airlock') as api.Meter,
    );
    bootstrapLast(modules, AirlockOpenTelemetryModule);
  }

  /**
   * @throws AirlockOptionsError for an unknown key or a value of the wrong kind, when the
   *   application is made
   */
  static override forRoot(options: AirlockOpenTelemetryOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Shows the gauges as late as possible: after a boot that fails before, Nest calls no hook that
   * would hide them.
   */
  onApplicationBootstrap(): void {
    this.#gauges?.show();
  }

  /** Hides the gauges after the last effects. */
  onApplicationShutdown(): void {
    this.#gauges?.hide();
  }
}
