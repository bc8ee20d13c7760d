import {
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { isThenable } from '../../core/results/completion.js';
import type { CarriedEffect, ContextCarrier } from '../../core/model/context-carrier.js';
import { messagingAttributes } from './attributes.js';

/** The headers that the application's propagator writes, such as `traceparent`. @internal */
export type TraceHeaders = Readonly<Record<string, string>>;

/**
 * Makes a span of each call of an effect (`create`) and one of each run (`process`), and carries
 * the first to the second, into workers as well. Names and attributes follow the semantic
 * conventions for messaging; arguments are in neither.
 *
 * @internal
 */
export class TraceCarrier implements ContextCarrier<TraceHeaders> {
  readonly name = 'trace';

  /**
   * @param relation of the run to the call: a link from the trace of what runs it, or a child of
   *   the call
   */
  constructor(
    private readonly tracer: Tracer,
    private readonly relation: 'link' | 'parent',
  ) {}

  capture(effect: CarriedEffect): TraceHeaders {
    const span = this.tracer.startSpan(`create ${effect.name}`, {
      kind: SpanKind.PRODUCER,
      attributes: messagingAttributes('create', effect),
    });
    span.end();
    const headers: Record<string, string> = {};
    propagation.inject(trace.setSpan(context.active(), span), headers);
    return headers;
  }

  restore<R>(headers: TraceHeaders, run: () => R, effect: CarriedEffect): R {
    const called = propagation.extract(ROOT_CONTEXT, headers);
    const around = this.relation === 'parent' ? called : withBaggageOf(called);
    const options = {
      kind: SpanKind.CONSUMER,
      attributes: messagingAttributes('process', effect),
      links: this.relation === 'parent' ? [] : linksTo(headers),
    };
    const span = this.tracer.startSpan(`process ${effect.name}`, options, around);
    return context.with(trace.setSpan(around, span), () => endedBy(span, run));
  }
}

/** @returns a link to the call, if its headers name one */
export function linksTo(headers: TraceHeaders): Link[] {
  const call = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headers));
  return call === undefined ? [] : [{ context: call }];
}

function withBaggageOf(
  called: ReturnType<typeof context.active>,
): ReturnType<typeof context.active> {
  const baggage = propagation.getBaggage(called);
  return baggage === undefined
    ? context.active()
    : propagation.setBaggage(context.active(), baggage);
}

function endedBy<R>(span: Span, run: () => R): R {
  let result: R;
  try {
    result = run();
  } catch (error) {
    failSpan(span, error);
    throw error;
  }
  if (isThenable(result))
    void Promise.resolve(result).then(
      () => span.end(),
      (error: unknown) => failSpan(span, error),
    );
  else span.end();
  return result;
}

/** Ends a span as failed. @internal */
export function failSpan(span: Span, error: unknown): void {
  if (error instanceof Error) {
    span.recordException(error);
    span.setAttribute('error.type', error.name);
  }
  span.setStatus({
    code: SpanStatusCode.ERROR,
    ...(error instanceof Error && { message: error.message }),
  });
  span.end();
}
