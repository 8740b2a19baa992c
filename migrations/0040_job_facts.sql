-- What dialects ask of a job beside its request, and what is known of its video once it was looked at.

alter table jobs
  -- Longest video that the dialect takes; null: any.
  add column max_source_seconds double precision,
  -- The video's own length and the result's size, as planned.
  add column planned jsonb,
  -- Where the result is put, beside the store, before the job succeeds.
  add column upload_url text,
  -- Nothing is charged for it.
  add column is_free boolean not null default false,
  -- What a dialect counts jobs by within an account.
  add column group_name text,
  -- Its account asked for it to be forgotten; nobody sees it any more.
  add column removed_at timestamptz;

create index jobs_removed on jobs (removed_at) where removed_at is not null;

-- A job's hold may change once its length is known: entries add up.
drop index credit_entries_one_reserve;
create index credit_entries_job on credit_entries (job_id) where job_id is not null;
