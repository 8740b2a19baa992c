import { api } from "../api/endpoints.ts";
import type { Job, Report } from "../api/types.ts";
import { isActive } from "../jobs/describe.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { formatBytes, formatDuration } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { Notice } from "../ui/notice.tsx";
import { BoundBar } from "./bound-bar.tsx";
import { MeasuredPlots } from "./measured-plots.tsx";
import styles from "./report-panel.module.css";
import { DecisionLines, Streams } from "./report-tables.tsx";

/** The receipt: what was kept, what was measured, and every decision with its reason. */
export function ReportPanel({ job }: { readonly job: Job }) {
  const {
    value: report,
    error,
    isLoading,
    reload,
  } = useLoaded(
    async (signal) => (job.result === null ? undefined : await api.report(job.id, signal)),
    [job.id, job.result === null],
  );
  if (job.result === null) {
    return (
      <p className={styles.none}>
        {isActive(job.state) ? "The report is written when the job is done." : "A job without a result has no report."}
      </p>
    );
  }
  if (error !== undefined) {
    return (
      <Notice
        tone="bad"
        title="The report could not be read"
        actions={
          <Button icon="retry" onClick={reload}>
            Try again
          </Button>
        }
      >
        {error.message}
      </Notice>
    );
  }
  if (report === undefined) return isLoading ? <p role="status">Reading the report…</p> : null;
  return <ReportView job={job} report={report} />;
}

function ReportView({ job, report }: { readonly job: Job; readonly report: Report }) {
  const { comparison, frames, timing, speed, provider, network } = report;
  const drift = comparison.colorDrift;
  const isWhole = report.state === "complete";
  return (
    <div className={styles.report}>
      <div className={styles.verdict}>
        <Icon name={isWhole ? "check" : "warn"} size={20} />
        <p>
          <strong>{isWhole ? "Complete: every check was passed." : "Partial."}</strong>{" "}
          {isWhole
            ? `Frame count, times, sound offset, colour and consistency are within their bounds.`
            : report.partialBecause.join("; ")}
        </p>
        <CopyButton text={() => JSON.stringify(report, null, 2)} label="Copy as JSON" />
      </div>
      <section aria-labelledby="measured">
        <h2 id="measured">Measured</h2>
        <div className={styles.bounds}>
          <BoundBar
            name="Consistency"
            about="The result scaled down again, against the source"
            value={comparison.psnrLuma}
            from={20}
            to={50}
            bound={22}
            text={`${comparison.psnrLuma.toFixed(1)} dB`}
          />
          <BoundBar
            name="Brightness drift"
            about="Mean difference, of 255"
            value={drift.y}
            from={-1.5}
            to={1.5}
            isCentred
            text={signed(drift.y)}
          />
          <BoundBar
            name="Blue drift"
            about="Cb, of 255"
            value={drift.cb}
            from={-1.5}
            to={1.5}
            isCentred
            text={signed(drift.cb)}
          />
          <BoundBar name="Red drift" about="Cr, of 255" value={drift.cr} from={-1.5} to={1.5} isCentred text={signed(drift.cr)} />
        </div>
        <MeasuredPlots job={job} />
        <dl className={`${styles.facts} numbers`}>
          <Fact name="Frames" value={`${frames.output} of ${frames.source}`} />
          <Fact name="Black, frozen" value={`${frames.black}, ${frames.frozen}`} />
          <Fact name="Damaged" value={`${frames.damaged} frames, ${frames.rejectedPackets} packets`} />
          <Fact name="Largest time error" value={`${(timing.largestTimestampErrorSeconds * 1000).toFixed(3)} ms`} />
          <Fact
            name="Sound against picture"
            value={timing.audioOffsetSeconds === undefined ? "no sound" : `${(timing.audioOffsetSeconds * 1000).toFixed(2)} ms`}
          />
          <Fact name="Speed" value={`${speed.framesPerSecond.toFixed(1)} fps, ${formatDuration(speed.wallSeconds)}`} />
          <Fact name="Worked by" value={provider.name} />
          <Fact
            name="Network"
            value={network === undefined ? "none" : `${network.id}${network.passes > 1 ? `, ${network.passes} times` : ""}`}
          />
          <Fact name="Size" value={`${formatBytes(report.input.sizeBytes)} → ${formatBytes(report.output.sizeBytes)}`} />
        </dl>
      </section>
      <section aria-labelledby="kept">
        <h2 id="kept">Kept, converted, dropped</h2>
        <Streams report={report} />
      </section>
      {report.stages !== undefined && report.stages.length > 0 && (
        <section aria-labelledby="stages">
          <h2 id="stages">What was done to the picture</h2>
          <DecisionLines
            lines={report.stages.map(({ name, choice, reason }) => ({ topic: name.replaceAll("_", " "), choice, reason }))}
          />
        </section>
      )}
      <section aria-labelledby="decided">
        <h2 id="decided">Decided</h2>
        <DecisionLines lines={report.decisions} />
      </section>
    </div>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function signed(value: number): string {
  return `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;
}
