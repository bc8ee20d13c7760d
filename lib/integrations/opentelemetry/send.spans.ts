import { SpanKind, type Tracer } from '@opentelemetry/api';
import type { AirlockRuntime } from '../../core/runtime.js';
import { carriedWith, executorOf } from '../../core/model/intent.js';
import { messagingAttributes } from './attributes.js';
import type { DispatchMessage, FailMessage } from '../../core/model/diagnostics.js';
import { failSpan, linksTo, type TraceHeaders } from './trace.carrier.js';

/**
 * Makes a span of each effect that is handed to an engine (`send`), linked to its call. An effect
 * that runs in this process has none: its run has a span already.
 *
 * @internal
 */
export function recordSends(runtime: AirlockRuntime, tracer: Tracer): void {
  const record = ({ intent, durationMs, error, policy }: DispatchMessage | FailMessage): void => {
    const executor = executorOf(intent);
    if (executor.remote !== true || policy !== undefined || durationMs === undefined) return;
    const headers = carriedWith(intent)?.['trace'] as TraceHeaders | undefined;
    const span = tracer.startSpan(`send ${intent.name}`, {
      kind: SpanKind.CLIENT,
      startTime: Date.now() - durationMs,
      attributes: {
        ...messagingAttributes('send', intent),
        'nestjs_airlock.executor': executor.constructor.name,
      },
      links: headers === undefined ? [] : linksTo(headers),
    });
    if (error === undefined) span.end();
    else failSpan(span, error);
  };
  runtime.listen({ dispatch: record, fail: record });
}
