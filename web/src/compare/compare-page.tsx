import { useMemo } from "react";
import { api } from "../api/endpoints.ts";
import type { Job } from "../api/types.ts";
import { describeRequest } from "../jobs/describe.ts";
import { formatRoute } from "../routing/route.ts";
import { navigate } from "../routing/use-route.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { Button, LinkButton } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import styles from "./compare-page.module.css";
import { type Comparison, openComparison } from "./job-feeds.ts";
import type { Partner } from "./toolbar.tsx";
import { Viewer } from "./viewer.tsx";

type Opened = { readonly comparison: Comparison; readonly partners: readonly Partner[]; readonly job: Job };

/** `?job=<id>&with=<original | another job's id>&frame=…`: a result beside its original, or beside another result. */
export function ComparePage({ query }: { readonly query: URLSearchParams }) {
  const jobId = query.get("job") ?? "";
  const partner = query.get("with") ?? "original";
  const { value, error, isLoading, reload } = useLoaded<Opened>(
    async (signal) => await open(jobId, partner, signal),
    [jobId, partner],
  );
  const names = useMemo((): readonly [string, string] => {
    if (value === undefined) return ["Original", "Upscaled"];
    const other = value.partners.find((candidate) => candidate.value === partner)?.label ?? "Original";
    return partner === "original" ? ["Original", "Upscaled"] : [withoutSize(other), withoutSize(describeRequest(value.job))];
  }, [value, partner]);

  if (error !== undefined) {
    return (
      <div className={styles.note}>
        <Notice
          tone="bad"
          title="These videos cannot be compared"
          actions={
            <>
              <Button icon="retry" onClick={reload}>
                Try again
              </Button>
              <LinkButton href={formatRoute({ page: "jobs" })}>All jobs</LinkButton>
            </>
          }
        >
          {error.message}
        </Notice>
      </div>
    );
  }
  if (value === undefined || (isLoading && value.job.id !== jobId)) {
    return (
      <div className={styles.opening} role="status">
        Opening both videos…
      </div>
    );
  }
  return (
    <Viewer
      key={`${value.job.id} ${value.comparison.first.key}`}
      comparison={value.comparison}
      names={names}
      job={value.job}
      partner={partner}
      partners={value.partners}
      query={query}
      onPartner={(chosen) => {
        const next = new URLSearchParams(location.hash.split("?")[1] ?? "");
        next.set("with", chosen);
        navigate({ page: "compare", query: next });
      }}
    />
  );
}

async function open(jobId: string, partner: string, signal: AbortSignal): Promise<Opened> {
  const job = await api.job(jobId, signal);
  const comparison = await openComparison(jobId, partner === "original" ? undefined : partner, signal);
  const { jobs } = await api.jobs({ limit: 50, source: job.source.id, states: ["succeeded"], tastes: "show" }, signal);
  const others = jobs.filter(({ id }) => id !== jobId).map((other) => ({ value: other.id, label: describeRequest(other) }));
  return { job, comparison, partners: [{ value: "original", label: "Original" }, ...others] };
}

/** The stage shows each picture's size itself. */
function withoutSize(name: string): string {
  return name
    .split(" · ")
    .filter((part) => !/^\d+ × \d+$/.test(part))
    .join(" · ");
}
