-- Secrets that every process of one installation shares, made by the first that needs them.

create table server_secrets (
  name text primary key,
  value bytea not null,
  created_at timestamptz not null
);
