import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Executor } from '../../core/model/executor.js';
import { InProcessExecutor } from '../../core/model/in-process.executor.js';
import { isExecutorClass } from '../../core/references.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { EffectWorker } from '../../nest/remote/effect-worker.js';
import { ENVELOPES } from '../../nest/remote/envelope-writer.js';
import { remoteChecks } from '../../nest/remote/remote-checks.js';
import { clientBehind } from '../client-lookup.js';
import type { OutboxEngine } from './engine.js';
import { OutboxFailures } from './failures.js';
import { LocalEngine } from './local.engine.js';
import { OutboxSettings } from './outbox.settings.js';
import { RemoteEngine } from './remote.engine.js';
import { RowsInFlight } from './rows-in-flight.js';

/** Finds the engine behind the outbox, once all providers are built. @internal */
@Injectable()
export class EngineBehind {
  private known: OutboxEngine | undefined;

  constructor(
    @Inject(OutboxSettings) private readonly settings: OutboxSettings,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(RowsInFlight) private readonly rows: RowsInFlight,
    @Inject(OutboxFailures) private readonly failures: OutboxFailures,
    @Inject(EffectWorker) private readonly worker: EffectWorker,
  ) {}

  /**
   * @throws AirlockOptionsError for an executor that neither leaves the process nor is the
   *   in-process one
   */
  get engine(): OutboxEngine {
    return (this.known ??= this.made());
  }

  private made(): OutboxEngine {
    const { settings, rows, failures, worker } = this;
    const executor = this.executor();
    if (executor instanceof InProcessExecutor)
      return new LocalEngine(executor, settings, rows, failures, worker);
    if (executor.remote !== true) throw notRemote(executor);
    if (ENVELOPES in executor) refuseRemoteOptions(settings, executor);
    return new RemoteEngine(executor, settings.options, rows, failures, worker);
  }

  private executor(): Executor {
    const ref = this.settings.options.executor ?? InProcessExecutor;
    if (ref === InProcessExecutor) return new InProcessExecutor();
    if (isExecutorClass(ref))
      return clientBehind<Executor>(ref as never, this.modules, 'AirlockOutboxModule', 'executor');
    if (typeof ref === 'object' && typeof (ref as Partial<Executor>).execute === 'function')
      return ref;
    throw AirlockOptionsError.expected('executor', 'an executor or a class of one', ref);
  }
}

function notRemote({ constructor }: Executor): AirlockOptionsError {
  return new AirlockOptionsError(
    'executor',
    `\`executor\` of AirlockOutboxModule is ${constructor.name || 'an executor'}, which does not leave the process (\`remote\` is not true), so that an effect ` +
      'read from the outbox could not be handed to it. Name one that does, as `BullMqExecutor`, or `InProcessExecutor`.',
  );
}

/** Refuses options that belong to the executor behind the outbox, if it writes envelopes itself. */
function refuseRemoteOptions({ options }: OutboxSettings, { constructor }: Executor): void {
  for (const key of Object.keys(remoteChecks) as (keyof typeof remoteChecks)[]) {
    if (options[key] === undefined) continue;
    throw new AirlockOptionsError(
      key,
      `\`${key}\` cannot be set for an outbox in front of ${constructor.name}: it is an option of that one's module, and holds for both.`,
    );
  }
}
