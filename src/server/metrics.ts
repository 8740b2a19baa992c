import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { FinishedJob } from "../jobs/job-service.ts";

export type MetricsSources = {
  readonly jobCounts: () => Promise<{
    readonly queued: number;
    readonly running: number;
    readonly oldestQueuedAt: Date | undefined;
  }>;
  readonly deliveryCounts: () => Promise<Readonly<Record<string, number>>>;
  readonly now: () => Date;
};

export interface Metrics {
  /** The text format of Prometheus. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Counts a job that has just ended in this process. */
  jobFinished(finished: FinishedJob): void;
}

const framesPerSecondBuckets = [0.1, 0.3, 1, 3, 10, 30, 100, 300];
const secondsBuckets = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600];

/** Figures about this process and, for the queue, about the whole installation. */
export function createMetrics({ jobCounts, deliveryCounts, now }: MetricsSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "upres_" });
  const registers = [registry];
  const jobs = new Gauge({ name: "upres_jobs", help: "Unfinished jobs by state.", labelNames: ["state"], registers });
  const oldest = new Gauge({ name: "upres_queue_oldest_seconds", help: "Age of the oldest waiting job.", registers });
  const deliveries = new Gauge({
    name: "upres_deliveries",
    help: "Callbacks that are kept, by state.",
    labelNames: ["state"],
    registers,
  });
  const finished = new Counter({
    name: "upres_jobs_finished_total",
    help: "Jobs that ended in this process, by state and dialect.",
    labelNames: ["state", "dialect"],
    registers,
  });
  const failures = new Counter({
    name: "upres_job_failures_total",
    help: "Jobs that failed in this process, by error code.",
    labelNames: ["code"],
    registers,
  });
  const waited = new Histogram({
    name: "upres_job_wait_seconds",
    help: "From submit to start.",
    buckets: secondsBuckets,
    registers,
  });
  const ran = new Histogram({ name: "upres_job_run_seconds", help: "From start to end.", buckets: secondsBuckets, registers });
  const speed = new Histogram({
    name: "upres_job_frames_per_second",
    help: "Frames of jobs that succeeded in this process by the seconds from start to end, by tier.",
    labelNames: ["tier"],
    buckets: framesPerSecondBuckets,
    registers,
  });
  const frames = new Counter({ name: "upres_frames_total", help: "Frames of jobs that succeeded in this process.", registers });

  return {
    render: async () => {
      const { queued, running, oldestQueuedAt } = await jobCounts();
      jobs.set({ state: "queued" }, queued);
      jobs.set({ state: "running" }, running);
      for (const [state, count] of Object.entries(await deliveryCounts())) deliveries.set({ state }, count);
      oldest.set(oldestQueuedAt === undefined ? 0 : Math.max(0, secondsBetween(oldestQueuedAt, now())));
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    jobFinished: ({ job, errorCode }) => {
      finished.inc({ state: job.state, dialect: job.dialect });
      if (job.state === "failed") failures.inc({ code: errorCode ?? "internal" });
      if (job.startedAt !== undefined) waited.observe(secondsBetween(job.createdAt, job.startedAt));
      if (job.result !== undefined) frames.inc(job.result.frames);
      if (job.startedAt === undefined || job.finishedAt === undefined) return;
      const seconds = secondsBetween(job.startedAt, job.finishedAt);
      ran.observe(seconds);
      if (job.result !== undefined && seconds > 0) speed.observe({ tier: job.request.tier }, job.result.frames / seconds);
    },
  };
}

function secondsBetween(from: Date, to: Date): number {
  return Math.max(0, (to.getTime() - from.getTime()) / 1000);
}
