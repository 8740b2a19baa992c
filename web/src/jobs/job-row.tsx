import type { Job } from "../api/types.ts";
import { formatRoute } from "../routing/route.ts";
import { LinkButton } from "../ui/button.tsx";
import { formatAgo, formatDuration, formatMoney } from "../ui/format.ts";
import { describeRequest, dialectWords } from "./describe.ts";
import { JobActions } from "./job-actions.tsx";
import styles from "./job-row.module.css";
import { JobStateView } from "./job-state.tsx";

/** One line of the list. */
export function JobRow({ job, now }: { readonly job: Job; readonly now: number }) {
  const { id, source, dialect, frames_per_second: speed, state } = job;
  return (
    <article className={styles.row} aria-label={source.file_name}>
      <div className={styles.video}>
        <a href={formatRoute({ page: "job", id, tab: "overview" })} title={source.file_name}>
          {source.file_name}
        </a>
        <span className="numbers">
          {describeRequest(job)}
          {dialect !== "native" && ` · by ${dialectWords[dialect]}`}
        </span>
      </div>
      <JobStateView job={job} />
      <span className={`${styles.speed} numbers`}>{speed === null || state === "failed" ? "–" : `${speed.toFixed(1)} fps`}</span>
      <span className={`${styles.time} numbers`}>{timeOf(job, now)}</span>
      <span className={`${styles.cost} numbers`}>{formatMoney(job.price_micros)}</span>
      <span className={styles.actions}>
        {job.result !== null && (
          <>
            <LinkButton
              size="small"
              look="quiet"
              icon="compare"
              iconOnly
              href={formatRoute({ page: "compare", query: new URLSearchParams({ job: id }) })}
            >
              Compare
            </LinkButton>
            <LinkButton size="small" look="quiet" icon="download" iconOnly href={`${job.result.path}?download`} download>
              Download
            </LinkButton>
          </>
        )}
        <JobActions job={job} isCompact />
      </span>
    </article>
  );
}

function timeOf(job: Job, now: number): string {
  if (job.state === "running") return job.seconds_left === null ? "…" : `${formatDuration(job.seconds_left)} left`;
  if (job.state === "queued")
    return job.queue_position === null ? "…" : job.queue_position === 0 ? "next" : `${job.queue_position} before it`;
  return formatAgo(job.finished_at ?? job.created_at, now);
}
