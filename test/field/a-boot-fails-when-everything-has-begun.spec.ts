// Nest calls no hook of a shutdown where a boot fails: what listens from its own hook on is never
// told. A process that tries again, such as a test runner, would be listened to by both.
import { channel } from 'node:diagnostics_channel';
import { Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { AirlockModule } from 'nestjs-airlock';
import { AirlockHealthModule } from 'nestjs-airlock/health';
import { AirlockInspectorModule } from 'nestjs-airlock/inspector';
import { AirlockOpenTelemetryModule } from 'nestjs-airlock/opentelemetry';

const names = ['enqueue', 'dispatch', 'drop', 'fail', 'scope'] as const;

describe('when a boot fails in the last hook of the root module', () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });

  @Module({
    imports: [
      AirlockModule.forRoot(),
      AirlockHealthModule.forRoot(),
      AirlockInspectorModule.forRoot(),
      AirlockOpenTelemetryModule.forRoot({
        meterProvider,
        tracerProvider: new BasicTracerProvider(),
      }),
    ],
  })
  class AppModule implements OnApplicationBootstrap {
    static fails = true;

    onApplicationBootstrap(): void {
      if (AppModule.fails) throw new Error('no database');
    }
  }

  const boot = () =>
    Test.createTestingModule({ imports: [AppModule] })
      .setLogger({ log() {}, warn() {}, error() {} })
      .compile();
  const gauges = async (): Promise<readonly string[]> => {
    await reader.forceFlush();
    const scopes = exporter.getMetrics().at(-1)?.scopeMetrics ?? [];
    exporter.reset();
    return scopes
      .flatMap(({ metrics }) => metrics.map(({ descriptor: { name } }) => name))
      .filter((name) => /open|buffered/.test(name));
  };

  afterAll(() => reader.shutdown());

  it('leaves nothing in the process that listens or measures', async () => {
    const failed = await boot();
    await expect(failed.init()).rejects.toThrow('no database');
    expect(names.filter((name) => channel(`airlock:${name}`).hasSubscribers)).toEqual([]);
    expect(await gauges()).toEqual([]);
  });

  it('measures the application of the next try, until that is closed', async () => {
    AppModule.fails = false;
    const app = await boot();
    await app.init();
    expect(await gauges()).toEqual([
      'nestjs_airlock.scopes.open',
      'nestjs_airlock.effects.buffered',
    ]);
    await app.close();
    expect(await gauges()).toEqual([]);
  });
});
