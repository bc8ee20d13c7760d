import type { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { AirlockRuntime } from '../../core/runtime.js';
import { titleOf } from '../../errors/thrown.js';
import { anyProvider } from '../../nest/container/module-lookup.js';
import type { AirlockModuleOptions } from '../../nest/options/airlock-options.js';
import type { EffectAttempt, EffectWorker } from '../../nest/remote/effect-worker.js';
import type { AirlockReport } from '../../nest/services/airlock-report.js';
import type { InspectedCall } from './inspector.options.js';
import type { InspectorSettings } from './inspector.settings.js';
import { Recorder } from './recording/recorder.js';
import type { UnitRecord } from './recording/unit-record.js';
import { EventStreams } from './serving/event-streams.js';
import { STUCK_ROWS, type StuckRow, type StuckRows } from '../stuck-rows.js';
import type { StateView, UnitView } from './view/inspector.view.js';
import { PolicyPlaces } from './view/policy-places.js';
import { Redaction } from './view/redaction.js';
import { ShownErrors } from './view/shown-errors.js';
import { UnitViews } from './view/unit-views.js';

/** Number of changed units at which a message has the whole state instead of the changes. */
const MANY_NEWS = 100;

/** Number of units that are released at a time while nobody looks. */
const MOST_UNWATCHED = 20;

/** Facts about the application that is inspected. @internal */
export interface InspectedApplication {
  readonly runtime: AirlockRuntime;
  readonly options: AirlockModuleOptions;
  readonly modules: ModulesContainer;
  readonly worker: EffectWorker;
  explain(): AirlockReport;
}

/**
 * Inspector of one application: records what happens, and sends it to browsers.
 *
 * @internal
 */
export class Inspector {
  readonly streams = new EventStreams(() => this.state);
  private readonly recorder: Recorder;
  private readonly shownArguments: Redaction<InspectedCall>;
  private readonly storedErrors: Redaction<unknown>;
  private readonly shownErrors: ShownErrors;
  private known: UnitViews | undefined;
  private hasFailed = false;

  constructor(
    private readonly application: InspectedApplication,
    private readonly settings: InspectorSettings,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {
    const warn = (message: string): void => logger.warn(message);
    this.shownArguments = new Redaction('redact', settings.redact, warn);
    this.storedErrors = new Redaction('redactError', settings.redactError, warn);
    this.shownErrors = new ShownErrors(this.storedErrors);
    this.recorder = new Recorder(application.runtime, {
      capacity: settings.capacity,
      callSites: settings.callSites,
      onNews: () => this.tell(),
      report: (error) => this.report(error),
    });
  }

  /** Undefined where the application has no outbox. */
  get stuckRows(): StuckRows | undefined {
    return anyProvider(this.application.modules, STUCK_ROWS)?.instance as StuckRows | undefined;
  }

  /** Returns what is shown of the message that is stored with a row. */
  storedError({ effect, error }: StuckRow): string {
    return this.storedErrors.of(effect, error) ?? '(hidden: `redactError` shows it)';
  }

  get state(): StateView {
    const { capacity, readOnly, redact } = this.settings;
    return {
      now: Date.now(),
      totals: this.recorder.totals.view,
      units: this.viewsOf(this.recorder),
      capacity,
      readOnly,
      showsArguments: redact !== undefined,
      hasOutbox: this.stuckRows !== undefined,
    };
  }

  start(): void {
    this.recorder.start();
    this.application.worker.onAttempt = (attempt) => this.noteAttempt(attempt);
  }

  stop(): void {
    this.recorder.stop();
    this.streams.close();
  }

  private noteAttempt({ id, effect, number, failure }: EffectAttempt): void {
    try {
      const error = failure && this.shownErrors.of(effect, failure.error);
      this.recorder.attempted(id, { number, ...(error !== undefined && { error }) });
    } catch (error) {
      this.report(error);
    }
  }

  /** Sends changes, and releases units that are over. */
  private tell(): void {
    const isWatched = this.streams.count > 0;
    const all = [...this.recorder].filter(
      ({ hasNews, isAtRest }) => hasNews && (isWatched || isAtRest),
    );
    const news = isWatched ? all : all.slice(0, MOST_UNWATCHED);
    for (const record of news) record.hasNews = false;
    const units = this.viewsOf(news);
    if (news.length < all.length) this.recorder.tellLater();
    if (!isWatched) return;
    // With as many changes as units are kept, others have been pushed out before they were sent.
    if (news.length >= Math.min(MANY_NEWS, this.settings.capacity)) this.streams.tellAll();
    else this.streams.tell({ now: Date.now(), totals: this.recorder.totals.view, units });
  }

  /**
   * Makes views of records, the newest first. A unit that cannot be shown, such as one of a
   * function whose `name` throws, is left out.
   */
  private viewsOf(records: Iterable<UnitRecord>): readonly UnitView[] {
    const views: UnitView[] = [];
    for (const record of records) {
      try {
        const view = this.views.of(record);
        if (record.isAtRest) record.settle(view);
        views.push(view);
      } catch (error) {
        this.report(error);
      }
    }
    return views.sort((a, b) => b.startedAt - a.startedAt);
  }

  private report(error: unknown): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.logger.warn(
      `The inspector cannot show everything; the application goes on as it is. ${titleOf(error)}`,
    );
  }

  /** Made when somebody looks: by then the application has started. */
  private get views(): UnitViews {
    if (this.known !== undefined) return this.known;
    const { runtime, options, modules } = this.application;
    const kinds = this.application
      .explain()
      .boundaries.flatMap(({ name, entryPoints }) =>
        entryPoints.map((entryPoint) => [entryPoint, name] as const),
      );
    const places = new PolicyPlaces(runtime, options, modules);
    return (this.known = new UnitViews(
      new Map(kinds),
      places,
      this.shownArguments,
      this.shownErrors,
    ));
  }
}
