create table jobs (
  id uuid primary key,
  sequence bigint generated always as identity,
  account_id text not null,
  dialect text not null,
  request jsonb not null,
  source jsonb not null,
  -- normal: 1, low: 0
  priority smallint not null,
  state text not null check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  progress double precision not null default 0,
  frames_done integer not null default 0,
  frames_total integer not null default 0,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  start_deadline timestamptz,
  result jsonb,
  report jsonb,
  failure jsonb,
  price_micros bigint not null,
  webhook_url text,
  dialect_data jsonb not null,
  result_lifetime_seconds double precision,
  result_removed_at timestamptz,
  idempotency_key text,
  -- Starts so far: fences what an earlier start still wants to write.
  attempt integer not null default 0,
  crashes integer not null default 0,
  retries integer not null default 0,
  -- Starts that ended without a word, because the worker itself died.
  interruptions integer not null default 0,
  handed_back boolean not null default false
);

create unique index jobs_idempotency on jobs (account_id, dialect, idempotency_key) where idempotency_key is not null;
create index jobs_of_account on jobs (account_id, created_at desc, sequence desc);
create index jobs_unfinished on jobs (state, priority desc, sequence) where state in ('queued', 'running');
create index jobs_with_result on jobs (finished_at) where result is not null and result_removed_at is null;

create table job_logs (
  job_id uuid not null references jobs (id) on delete cascade,
  sequence bigint generated always as identity,
  at timestamptz not null,
  level text not null check (level in ('info', 'warn', 'error')),
  message text not null,
  primary key (job_id, sequence)
);
