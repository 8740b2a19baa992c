-- For forgetting jobs that ended long ago.
create index jobs_finished on jobs (finished_at) where state in ('succeeded', 'failed', 'cancelled');
