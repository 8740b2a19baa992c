-- The stretches of a job's video while it is made: any worker takes any of them. Gone when the job ends.

create table job_segments (
  job_id uuid not null references jobs (id) on delete cascade,
  index integer not null,
  frames integer not null,
  frames_done integer not null default 0,
  state text not null default 'waiting' check (state in ('waiting', 'leased', 'done', 'failed')),
  -- Who makes it now: renewed every second, free for others once it ran out.
  lease uuid,
  leased_until timestamptz,
  -- The job's start that leased it for itself; null: another worker's help.
  lease_attempt integer,
  crashes integer not null default 0,
  failure jsonb,
  primary key (job_id, index)
);

alter table jobs
  -- Names what determines the bytes of the segments: only runs with the same one may share them.
  add column fingerprint text,
  -- Threads of the encoder, which its bytes depend on.
  add column plan_threads integer;
