create table if not exists `airlock_outbox` (
  id varchar(255) character set ascii collate ascii_bin not null primary key,
  position int not null,
  effect text character set utf8mb4 not null,
  envelope longtext character set utf8mb4 not null,
  written_at bigint not null,
  due_at bigint not null,
  held boolean not null default true,
  attempts int not null default 0,
  error text character set utf8mb4,
  claim char(36) character set ascii collate ascii_bin,
  key `airlock_outbox_due` (due_at, position),
  key `airlock_outbox_written` (written_at)
) engine = InnoDB;
