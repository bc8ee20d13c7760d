create table if not exists "airlock_outbox" (
  id text primary key,
  position integer not null,
  effect text not null,
  envelope text not null,
  written_at bigint not null,
  due_at bigint not null,
  held boolean not null default true,
  attempts integer not null default 0,
  error text
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index if not exists "airlock_outbox_due" on "airlock_outbox" (due_at, position);

create index if not exists "airlock_outbox_written" on "airlock_outbox" (written_at);
