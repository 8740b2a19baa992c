import { useEffect, useState } from "react";
import { api } from "../api/endpoints.ts";
import { readEvents } from "../api/event-stream.ts";
import { isAbort } from "../api/http.ts";
import type { Job, LogLine } from "../api/types.ts";
import { isActive } from "../jobs/describe.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { Notice } from "../ui/notice.tsx";
import styles from "./logs-panel.module.css";

/** A job's log, with new lines as they are written. */
export function LogsPanel({ job }: { readonly job: Job }) {
  const [lines, setLines] = useState<readonly LogLine[]>();
  const [error, setError] = useState<Error>();
  const isLive = isActive(job.state);
  useEffect(() => {
    const left = new AbortController();
    const follow = async (): Promise<void> => {
      const { lines: found } = await api.logs(job.id, 0, left.signal);
      setLines((before) => merged(before ?? [], found));
      if (!isLive) return;
      for await (const { name, data } of readEvents(`/api/jobs/${job.id}/events`, left.signal)) {
        if (name === "log") setLines((before) => merged(before ?? [], [data as LogLine]));
      }
    };
    follow().catch((failure: unknown) => {
      if (!isAbort(failure)) setError(failure instanceof Error ? failure : new Error(String(failure)));
    });
    return () => left.abort();
  }, [job.id, isLive]);
  if (error !== undefined) {
    return (
      <Notice tone="bad" title="The log could not be read">
        {error.message}
      </Notice>
    );
  }
  if (lines === undefined) return <p role="status">Reading the log…</p>;
  if (lines.length === 0) return <p className={styles.none}>Nothing has been written yet.</p>;
  const text = (): string => lines.map(({ at, level, message }) => `${at} ${level} ${message}`).join("\n");
  return (
    <div className={styles.logs}>
      <div className={styles.bar}>
        <span>
          {lines.length} lines{isLive && ", live"}
        </span>
        <CopyButton text={text} label="Copy all" />
      </div>
      <div className={styles.lines} tabIndex={0} aria-label="Log" role="log" aria-live="off">
        <ol>
          {lines.map(({ sequence, at, level, message }) => (
            <li key={sequence} data-level={level}>
              <time dateTime={at} className="numbers">
                {new Date(at).toLocaleTimeString(undefined, { hour12: false })}
              </time>
              <span className={styles.level}>{level}</span>
              <span>{message}</span>
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}

function merged(before: readonly LogLine[], found: readonly LogLine[]): readonly LogLine[] {
  const known = new Map([...before, ...found].map((line) => [line.sequence, line]));
  return [...known.values()].toSorted((a, b) => a.sequence - b.sequence);
}
