import { createNoopMeter, metrics, ProxyTracerProvider, trace } from '@opentelemetry/api';

const NO_TRACES = new ProxyTracerProvider().getDelegate();

/** True if an SDK that makes spans is registered. @internal */
export function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider && provider.getDelegate() === NO_TRACES);
}

/** True if an SDK that measures is registered. @internal */
export function hasMeterProvider(): boolean {
  return metrics.getMeter('nestjs-airlock').constructor !== createNoopMeter().constructor;
}
