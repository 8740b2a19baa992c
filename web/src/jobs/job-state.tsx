import type { Job } from "../api/types.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Meter } from "../ui/meter.tsx";
import { stateWords } from "./describe.ts";
import styles from "./job-state.module.css";

const icons: Readonly<Partial<Record<Job["state"], IconName>>> = { succeeded: "check", failed: "warn", cancelled: "close" };

/** A job's state in a word, with how far it is or what went wrong. */
export function JobStateView({ job }: { readonly job: Job }) {
  const { state, progress, error } = job;
  const icon = icons[state];
  return (
    <div className={styles.state} data-state={state}>
      <span className={styles.word}>
        {icon === undefined ? <span className={styles.dot} aria-hidden="true" /> : <Icon name={icon} size={14} />}
        {stateWords[state]}
        {state === "running" && <span className="numbers">{Math.floor(progress * 100)} %</span>}
        {state === "failed" && error !== null && (
          <span className={styles.why} title={error.message}>
            {error.message}
          </span>
        )}
      </span>
      {state === "running" && <Meter label={`Progress of ${job.source.file_name}`} value={progress} />}
    </div>
  );
}
