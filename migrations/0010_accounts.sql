-- Who may use the server, with what limits, and what it costs them.

create table accounts (
  id text primary key,
  name text not null,
  created_at timestamptz not null,
  -- False: what is used is written down, and never refused.
  has_credit_limit boolean not null default false,
  -- Null: the operator's setting.
  max_concurrent_jobs integer check (max_concurrent_jobs > 0),
  max_queue_length integer check (max_queue_length > 0),
  requests_per_minute integer check (requests_per_minute > 0)
);

-- The account of whoever uses a server without keys.
insert into accounts (id, name, created_at) values ('local', 'this machine', now());

create table api_keys (
  id uuid primary key,
  account_id text not null references accounts (id),
  name text not null,
  -- SHA-256 of the secret, which has 256 random bits and is not kept.
  secret_hash bytea not null,
  created_at timestamptz not null,
  revoked_at timestamptz
);

create index api_keys_account on api_keys (account_id);

-- Append only: an account's balance is the sum of its entries. A job's reserve is negative; its settle or refund gives back
-- what was held and not used.
create table credit_entries (
  id bigint generated always as identity primary key,
  account_id text not null references accounts (id),
  kind text not null check (kind in ('grant', 'reserve', 'settle', 'refund')),
  job_id uuid check ((kind = 'grant') = (job_id is null)),
  amount_micros bigint not null,
  created_at timestamptz not null
);

create index credit_entries_account on credit_entries (account_id);
create unique index credit_entries_one_reserve on credit_entries (job_id) where kind = 'reserve';
create unique index credit_entries_one_end on credit_entries (job_id) where kind in ('settle', 'refund');

create function refuse_credit_change() returns trigger language plpgsql as $$
begin
  raise exception 'credit entries are append only';
end
$$;

create trigger credit_entries_append_only before update or delete on credit_entries
  for each row execute function refuse_credit_change();
