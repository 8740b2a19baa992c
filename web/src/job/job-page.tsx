import type { Job } from "../api/types.ts";
import { CodePanel } from "../code/code-panel.tsx";
import { describeRequest, dialectWords } from "../jobs/describe.ts";
import { JobActions } from "../jobs/job-actions.tsx";
import { formatRoute, type JobTab } from "../routing/route.ts";
import { navigate } from "../routing/use-route.ts";
import { useJob } from "../state/app-context.ts";
import { LinkButton } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { Tabs } from "../ui/tabs.tsx";
import styles from "./job-page.module.css";
import { LogsPanel } from "./logs-panel.tsx";
import { Overview } from "./overview.tsx";
import { ReportPanel } from "./report-panel.tsx";

const tabs: readonly { value: JobTab; label: string }[] = [
  { value: "overview", label: "Overview" },
  { value: "report", label: "Report" },
  { value: "code", label: "Use it from code" },
  { value: "logs", label: "Logs" },
];

export function JobPage({ id, tab }: { readonly id: string; readonly tab: JobTab }) {
  const { job, error } = useJob(id);
  if (error !== undefined) {
    return (
      <div className={styles.page}>
        <Notice
          tone="bad"
          title="This job cannot be shown"
          actions={<LinkButton href={formatRoute({ page: "jobs" })}>All jobs</LinkButton>}
        >
          {error.message} It may have been deleted, or belong to another key.
        </Notice>
      </div>
    );
  }
  if (job === undefined) return <div className={styles.page} role="status" aria-label="Loading the job" />;
  return (
    <div className={styles.page}>
      <Head job={job} />
      <Tabs label="About this job" tabs={tabs} value={tab} onChange={(value) => navigate({ page: "job", id, tab: value })}>
        <div className={styles.panel}>
          {tab === "overview" && <Overview job={job} />}
          {tab === "report" && <ReportPanel job={job} />}
          {tab === "code" && <CodePanel job={job} />}
          {tab === "logs" && <LogsPanel job={job} />}
        </div>
      </Tabs>
    </div>
  );
}

function Head({ job }: { readonly job: Job }) {
  return (
    <div className={styles.head}>
      <div className={styles.words}>
        <a className={styles.back} href={formatRoute({ page: "jobs" })}>
          Jobs
        </a>
        <h1>{job.source.file_name}</h1>
        <p className="numbers">
          {describeRequest(job)}
          {job.dialect !== "native" && ` · by ${dialectWords[job.dialect]}`}
          {job.taste !== null && " · a taste"}
        </p>
      </div>
      <div className={styles.actions}>
        {job.result !== null && (
          <>
            <LinkButton
              look="primary"
              icon="compare"
              href={formatRoute({ page: "compare", query: new URLSearchParams({ job: job.id }) })}
            >
              Compare
            </LinkButton>
            <LinkButton icon="download" href={`${job.result.path}?download`} download>
              Download
            </LinkButton>
          </>
        )}
        <JobActions job={job} />
      </div>
    </div>
  );
}
