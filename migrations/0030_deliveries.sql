create table deliveries (
  id uuid primary key default gen_random_uuid(),
  job_id uuid not null,
  account_id text not null,
  dialect text not null,
  url text not null,
  body text not null,
  content_type text not null,
  facts jsonb not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
  attempts integer not null default 0,
  created_at timestamptz not null,
  next_attempt_at timestamptz,
  -- An attempt under way: nobody else takes the row before then.
  leased_until timestamptz,
  delivered_at timestamptz,
  last_status integer,
  last_error text,
  unique (job_id, url)
);

create index deliveries_due on deliveries (next_attempt_at) where state = 'waiting';
