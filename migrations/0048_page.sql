-- What the page of the server asks for: changes of an account's jobs in order, jobs by source, keys that may do everything,
-- and which workers are there.

create sequence job_changes;

alter table jobs
  -- Rises with every change of any job; one that is lower may still become visible for as long as a transaction lasts.
  add column change bigint not null default nextval('job_changes');

create function number_job_change() returns trigger language plpgsql as $$
begin
  new.change := nextval('job_changes');
  return new;
end
$$;

create trigger jobs_change before update on jobs for each row execute function number_job_change();
create index jobs_changes on jobs (account_id, change);

create index jobs_of_source on jobs (account_id, md5(coalesce(source ->> 'key', source ->> 'url')));

alter table api_keys
  -- May see and change everyone's keys, limits, jobs and callbacks.
  add column is_admin boolean not null default false;

create table workers (
  id uuid primary key,
  host text not null,
  version text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  -- Segments under way, of so many at once.
  running integer not null,
  concurrency integer not null
);
