-- Files that callers of the wavespeed dialect have uploaded, or were promised a place for.
create table wavespeed_media (
  -- In the object store.
  key text primary key,
  account_id text not null,
  file_name text not null,
  size_bytes bigint not null,
  -- Null: promised, and not there yet.
  stored_at timestamptz,
  expires_at timestamptz not null
);

create index wavespeed_media_expiry on wavespeed_media (expires_at);

-- Submits whose callers went away before the answer: when the same comes again soon, it is the same prediction.
create table wavespeed_aborted_submits (
  account_id text not null,
  -- SHA-256 of what was asked.
  call_hash bytea not null,
  -- Under which the prediction was made, or would have been.
  idempotency_key text not null,
  aborted_at timestamptz not null,
  primary key (account_id, call_hash)
);

create index wavespeed_aborted_submits_age on wavespeed_aborted_submits (aborted_at);
