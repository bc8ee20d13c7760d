import { Controller, Get, NotFoundException } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Settings } from '../settings/settings.js';

/** An effect that was written down with its order. */
export interface OutboxEntry {
  readonly effect: string;
  /** `created` until a worker takes it, `retry` if it failed and is tried again. */
  readonly state: string;
  readonly retries: number;
  readonly error: string | null;
}

@Controller('outbox')
export class OutboxController {
  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
  ) {}

  @Get()
  list(): Promise<readonly OutboxEntry[]> {
    const { executor, queue } = this.settings;
    if (executor === 'outbox') return this.database.query(ROWS);
    if (executor !== 'pg-boss')
      throw new NotFoundException(`Under AIRLOCK_EXECUTOR=${executor} no effect is a row.`);
    return this.database.query(
      `select data->>'effect' as effect, state, retry_count as retries, output->>'message' as error
         from pgboss.job where name = $1 order by created_on, id`,
      [queue],
    );
  }
}

const ROWS = `select effect, case when attempts > 0 then 'retry' else 'created' end as state, attempts as retries, error
  from airlock_outbox order by written_at, position`;
