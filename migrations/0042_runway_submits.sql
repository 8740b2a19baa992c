-- Creates of the runway dialect that may be sent again, by what was sent: for a few minutes.
create table runway_submits (
  id uuid primary key,
  sequence bigint generated always as identity,
  -- Of the account and the body.
  fingerprint text not null,
  -- Null until there is a job.
  job_id uuid,
  created_at timestamptz not null
);

create index runway_submits_fingerprint on runway_submits (fingerprint, created_at);
create index runway_submits_age on runway_submits (created_at);
