// A worker of BullMQ in a process of its own, which tells its parent of each span that it has ended.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { AirlockModule, SideEffect } from 'nestjs-airlock';
import { AirlockBullMqModule } from 'nestjs-airlock/bullmq';
import { AirlockOpenTelemetryModule } from 'nestjs-airlock/opentelemetry';

/** A span as the parent is told of it. */
export interface ToldSpan {
  readonly name: string;
  readonly pid: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

const tell = (span: ReadableSpan): void => {
  const { traceId, spanId } = span.spanContext();
  const links = span.links.map((link) => link.context);
  const parentSpanId = span.parentSpanContext?.spanId;
  process.send!({ name: span.name, pid: process.pid, traceId, spanId, parentSpanId, links });
};

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const spanProcessor = new SimpleSpanProcessor({
  export(spans, done) {
    spans.forEach(tell);
    done({ code: 0 });
  },
  shutdown: async () => {},
});
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [spanProcessor] }));

@Injectable()
class Mail {
  @SideEffect()
  async send(_text: string): Promise<void> {
    await trace.getTracer('mail').startActiveSpan('smtp', async (span) => span.end());
  }
}

const [url, queue, relation] = process.argv.slice(2) as [string, string, 'link' | 'parent'];

@Module({
  imports: [
    AirlockModule.forRoot(),
    AirlockBullMqModule.forRoot({ connection: url, queue, worker: true }),
    AirlockOpenTelemetryModule.forRoot({ relation }),
  ],
  providers: [Mail],
})
class WorkerModule {}

const app = await NestFactory.createApplicationContext(WorkerModule, { logger: ['error'] });
process.once('disconnect', () => void app.close());
process.send!('ready');
