-- What the useapi.net dialect keeps beside its jobs.

create table useapi_users (
  account_id text primary key,
  -- The number in its task and asset ids.
  id integer generated always as identity unique,
  -- Where callbacks go when a task names no address.
  reply_url text,
  created_at timestamptz not null
);

-- Accounts within an account, told apart by email.
create table useapi_accounts (
  account_id text not null references useapi_users (account_id),
  email text not null,
  max_jobs integer not null check (max_jobs between 1 and 10),
  -- There from the start; it steps back once others are configured.
  is_default boolean not null default false,
  created_at timestamptz not null,
  primary key (account_id, email)
);

create table useapi_assets (
  id uuid primary key,
  sequence bigint generated always as identity,
  account_id text not null,
  email text not null,
  name text not null,
  object_key text not null,
  content_type text not null,
  size_bytes bigint not null,
  -- What was found by reading the file.
  facts jsonb not null,
  -- The task that made it; null: uploaded.
  task_id uuid,
  parent_group_id uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  deleted_at timestamptz,
  -- Its object is gone from the store.
  removed_at timestamptz
);

create index useapi_assets_of_account on useapi_assets (account_id, created_at desc, sequence desc) where deleted_at is null;
create index useapi_assets_expiry on useapi_assets (expires_at);
create index useapi_assets_deleted on useapi_assets (account_id) where deleted_at is not null and removed_at is null;
