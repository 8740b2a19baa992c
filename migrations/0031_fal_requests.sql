-- Requests that the fal dialect accepts and answers with an error on their result: no job ever runs for them.
create table fal_requests (
  id uuid primary key,
  account_id text not null,
  problems jsonb not null,
  created_at timestamptz not null
);

create index fal_requests_age on fal_requests (created_at);
