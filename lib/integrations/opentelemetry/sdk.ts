// Not by name: an ESM import of a name that an older version lacks fails before its version is refused.
import * as api from '@opentelemetry/api';

const NO_TRACES = new api.ProxyTracerProvider().getDelegate();

/** True if an SDK that makes spans is registered. @internal */
export function hasTracerProvider(): boolean {
  const provider = api.trace.getTracerProvider();
  return !(provider instanceof api.ProxyTracerProvider && provider.getDelegate() === NO_TRACES);
}

/** True if an SDK that measures is registered. @internal */
export function hasMeterProvider(): boolean {
  return api.metrics.getMeter('nestjs-airlock').constructor !== api.createNoopMeter().constructor;
}
