-- Messages of jobs that are not finished yet: each is tried once, in order, and none after the message of the job's end.

alter table deliveries
  add column kind text not null default 'end' check (kind in ('end', 'progress')),
  -- The order in which the messages of one job were written.
  add column sequence bigint generated always as identity;

alter table deliveries drop constraint deliveries_job_id_url_key;
create unique index deliveries_one_end on deliveries (job_id, url) where kind = 'end';
create index deliveries_progress on deliveries (job_id, url, sequence) where kind = 'progress';
