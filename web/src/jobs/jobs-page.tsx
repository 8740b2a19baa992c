import { useEffect, useRef } from "react";
import { api } from "../api/endpoints.ts";
import { formatRoute } from "../routing/route.ts";
import { useApp, useJobs } from "../state/app-context.ts";
import { filters, type Filter } from "../state/jobs-store.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { useMedia } from "../state/use-media.ts";
import { useNow } from "../state/use-now.ts";
import { Button, LinkButton } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { JobRow } from "./job-row.tsx";
import styles from "./jobs-page.module.css";
import { useVirtualRows } from "./use-virtual-rows.ts";

const words: Readonly<Record<Filter, string>> = { all: "All", active: "Active", done: "Done", ended: "Stopped" };
const wideRowPixels = 64;
const narrowRowPixels = 104;

/** Every job of the account, live. Only the rows in sight are drawn, so that a thousand are no more work than twenty. */
export function JobsPage() {
  const { jobs } = useApp();
  const { listed, filter, isLoading, hasMore, error, link } = useJobs();
  const list = useRef<HTMLUListElement>(null);
  const isNarrow = useMedia("(max-width: 720px)");
  const rowPixels = isNarrow ? narrowRowPixels : wideRowPixels;
  const { first, end } = useVirtualRows(list, listed.length, rowPixels);
  const now = useNow(30_000);
  const active = listed.reduce((sum, { state }) => sum + (state === "queued" || state === "running" ? 1 : 0), 0);
  const { value: counts } = useLoaded(async (signal) => await api.counts(signal), [listed.length, active]);
  useEffect(() => {
    if (end > listed.length - 40) void jobs.loadMore();
  }, [end, listed.length, jobs, hasMore]);

  const counted: Readonly<Record<Filter, number | undefined>> = {
    all: counts === undefined ? undefined : Object.values(counts).reduce((sum, count) => sum + count, 0),
    active: counts === undefined ? undefined : counts.queued + counts.running,
    done: counts?.succeeded,
    ended: counts === undefined ? undefined : counts.failed + counts.cancelled,
  };
  const names = Object.keys(filters) as Filter[];
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Jobs</h1>
        <Segmented
          label="Which jobs"
          value={filter}
          onChange={(chosen) => void jobs.load(chosen)}
          options={names.map((name) => ({
            value: name,
            label: counted[name] === undefined ? words[name] : `${words[name]} ${counted[name]}`,
          }))}
        />
      </div>
      {error !== undefined && link !== "live" && (
        <Notice
          tone="bad"
          title="The list is not up to date"
          actions={
            <Button icon="retry" onClick={() => void jobs.load(filter)}>
              Try again
            </Button>
          }
        >
          {error.message} It goes on by itself when the server answers.
        </Notice>
      )}
      {listed.length === 0 && !isLoading && error === undefined && <Empty filter={filter} />}
      {listed.length === 0 && isLoading && <Skeleton />}
      {listed.length > 0 && !isNarrow && (
        <div className={styles.columns} aria-hidden="true">
          <span>Video</span>
          <span>State</span>
          <span className={styles.right}>Speed</span>
          <span className={styles.right}>Time</span>
          <span className={styles.right}>Cost</span>
          <span />
        </div>
      )}
      <ul
        ref={list}
        className={styles.list}
        style={{ height: listed.length * rowPixels }}
        aria-label={`${words[filter]} jobs`}
        aria-busy={isLoading}
      >
        {listed.slice(first, end).map((job, index) => (
          <li
            key={job.id}
            className={styles.row}
            style={{ transform: `translateY(${(first + index) * rowPixels}px)`, height: rowPixels }}
            aria-setsize={listed.length}
            aria-posinset={first + index + 1}
          >
            <JobRow job={job} now={now} />
          </li>
        ))}
      </ul>
      {isLoading && listed.length > 0 && <p className={styles.loading}>Loading more…</p>}
    </div>
  );
}

function Empty({ filter }: { readonly filter: Filter }) {
  if (filter !== "all") return <p className={styles.empty}>No jobs here. Choose another list above.</p>;
  return (
    <div className={styles.empty}>
      <h2>No jobs yet</h2>
      <p>Drop a video on the first page, or send one from your code: jobs of every API appear here.</p>
      <LinkButton look="primary" icon="add" href={formatRoute({ page: "new", uploadId: undefined })}>
        New job
      </LinkButton>
    </div>
  );
}

function Skeleton() {
  return (
    <div className={styles.skeleton} role="status">
      <span className="visually-hidden">Loading the jobs</span>
      {[0, 1, 2, 3, 4].map((row) => (
        <span key={row} aria-hidden="true" />
      ))}
    </div>
  );
}
