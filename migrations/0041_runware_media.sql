-- What callers of the runware dialect name by UUID: files that they stored, and the results of their tasks.
create table runware_media (
  account_id text not null,
  id uuid not null,
  -- A stored file; null for a result.
  object_key text,
  -- The task whose result it is; null for a stored file.
  task_uuid text,
  last_used_at timestamptz not null,
  primary key (account_id, id),
  check ((object_key is null) <> (task_uuid is null))
);

create index runware_media_age on runware_media (last_used_at);

-- A task is found by its UUID, which is its job's group.
create index jobs_of_group on jobs (account_id, dialect, group_name) where group_name is not null;
