create table if not exists "airlock_outbox" (
  id text primary key,
  position integer not null,
  effect text not null,
  envelope text not null,
  written_at integer not null,
  due_at integer not null,
  held boolean not null default true,
  attempts integer not null default 0,
  error text
) without rowid;

create index if not exists "airlock_outbox_due" on "airlock_outbox" (due_at, position);

create index if not exists "airlock_outbox_written" on "airlock_outbox" (written_at);
