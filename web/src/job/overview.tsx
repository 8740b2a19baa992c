import type { Job } from "../api/types.ts";
import { presetWords, rateWords, stateWords, targetWords } from "../jobs/describe.ts";
import { FrameImage } from "../jobs/thumbnail.tsx";
import { formatRoute } from "../routing/route.ts";
import { formatBytes, formatCount, formatDuration, formatMoney, formatSize } from "../ui/format.ts";
import { Meter } from "../ui/meter.tsx";
import { Notice } from "../ui/notice.tsx";
import styles from "./overview.module.css";

/** How far it is, or what came out. */
export function Overview({ job }: { readonly job: Job }) {
  return (
    <div className={styles.overview}>
      {job.state === "failed" && job.error !== null && (
        <Notice tone="bad" title={job.error.message}>
          {adviceFor(job.error.code)} Code: <code>{job.error.code}</code>
        </Notice>
      )}
      {(job.state === "running" || job.state === "queued") && <Progress job={job} />}
      {job.state === "cancelled" && (
        <Notice title="The job was cancelled">Nothing of it is kept. Retry it with the same settings, or delete it.</Notice>
      )}
      {job.result !== null && <Result job={job} result={job.result} />}
      <dl className={`${styles.facts} numbers`}>
        <Fact name="Size asked for" value={targetWords(job.request.target)} />
        <Fact name="Tier" value={job.request.tier} />
        <Fact name="Preset" value={presetWords[job.request.preset].name} />
        <Fact name="Frame rate" value={rateWords(job.request.fps)} />
        <Fact name="Fidelity" value={job.request.fidelity} />
        <Fact name="File" value={`${job.request.format.toUpperCase()}, quality ${job.request.quality}`} />
        <Fact name="Cost" value={job.is_free ? "free" : formatMoney(job.price_micros)} />
        <Fact name="Begun" value={new Date(job.created_at).toLocaleString()} />
        <Fact name="Job" value={job.id} isCode />
      </dl>
    </div>
  );
}

function Progress({ job }: { readonly job: Job }) {
  const { state, progress, frames_done: done, frames_total: total, frames_per_second: speed, seconds_left: left } = job;
  return (
    <section className={styles.progress} aria-label="Progress">
      <p className={`${styles.large} numbers`}>
        {state === "queued" ? stateWords.queued : `${Math.floor(progress * 100)} %`}
        <small>
          {state === "queued"
            ? job.queue_position === null || job.queue_position === 0
              ? "It is next."
              : `${job.queue_position} before it`
            : left === null
              ? "Working out how long it takes"
              : `about ${formatDuration(left)} left`}
        </small>
      </p>
      <Meter label="Progress of the job" value={progress} />
      <p className={`${styles.small} numbers`}>
        {total > 0 ? `${done} of ${formatCount(total, "frame")}` : "Looking at the video"}
        {speed !== null && ` · ${speed.toFixed(1)} frames a second`}
      </p>
    </section>
  );
}

function Result({ job, result }: { readonly job: Job; readonly result: NonNullable<Job["result"]> }) {
  const compare = formatRoute({ page: "compare", query: new URLSearchParams({ job: job.id }) });
  const took =
    job.started_at === null || job.finished_at === null
      ? undefined
      : (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000;
  return (
    <section className={styles.result} aria-label="Result">
      <a className={styles.picture} href={compare} aria-label="Compare the result with the original">
        <FrameImage
          path={`/api/jobs/${job.id}/frame?of=result&index=${Math.floor(result.frames / 2)}&format=jpeg&max_width=960`}
          alt="A picture from the middle of the result"
        />
      </a>
      <dl className={`${styles.outcome} numbers`}>
        <Fact name="Picture" value={formatSize(result.width, result.height)} />
        <Fact name="Length" value={`${formatDuration(result.duration_seconds)}, ${formatCount(result.frames, "frame")}`} />
        <Fact name="File" value={formatBytes(result.size_bytes)} />
        {took !== undefined && (
          <Fact name="Took" value={`${formatDuration(took)}, ${(result.frames / Math.max(0.001, took)).toFixed(1)} fps`} />
        )}
        <Fact name="Kept until" value={new Date(result.expires_at).toLocaleDateString()} />
      </dl>
    </section>
  );
}

function Fact({ name, value, isCode = false }: { readonly name: string; readonly value: string; readonly isCode?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{isCode ? <code>{value}</code> : value}</dd>
    </div>
  );
}

/** What can be done about the failures that a user can do something about. */
function adviceFor(code: string): string {
  const advice: Readonly<Record<string, string>> = {
    input_unreadable: "Check that the file plays elsewhere, or convert it first.",
    no_video: "Choose a file with a moving picture in it.",
    size_limit: "Choose a smaller size.",
    input_too_long: "Cut the video, or raise the limit in the server's settings.",
    not_available: "Choose another preset, tier or rate.",
    download_failed: "Check the address in a browser, then retry.",
    credits_exhausted: "Ask for credits, or grant them on the admin page.",
    verification_failed: "The result was not good enough to be given out. Its log says which check it missed.",
  };
  return advice[code] ?? "Its log says more. Retry it; what was finished is not done again.";
}
