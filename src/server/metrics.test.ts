import { describe, expect, it } from "vitest";
import type { Job } from "../domain/job.ts";
import { defaultRequest } from "../domain/upscale-request.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { sampleJob } from "../../test/support/sample-job.ts";

const startedAt = new Date("2026-01-01T00:00:10Z");
const result = {
  objectKey: "results/a/result.mp4",
  fileName: "a.mp4",
  contentType: "video/mp4",
  sizeBytes: 1,
  durationSeconds: 2,
  width: 3,
  height: 4,
  frames: 250,
};
const job: Job = {
  ...sampleJob,
  request: { ...defaultRequest, tier: "fast" },
  state: "succeeded",
  createdAt: new Date("2026-01-01T00:00:00Z"),
  startedAt,
  finishedAt: new Date("2026-01-01T00:01:00Z"),
  result,
};

function metricsOf(...jobs: readonly Job[]): Metrics {
  const metrics = createMetrics({
    jobCounts: async () => ({ queued: 0, running: 0, oldestQueuedAt: undefined }),
    deliveryCounts: async () => ({}),
    now: () => startedAt,
  });
  for (const each of jobs) metrics.jobFinished({ job: each, errorCode: undefined });
  return metrics;
}

async function linesOf(metrics: Metrics, name: string): Promise<readonly string[]> {
  const { text } = await metrics.render();
  return text.split("\n").filter((line) => line.startsWith(name));
}

describe("the figures of finished jobs", () => {
  it("say how many frames a second each tier makes", async () => {
    const slow: Job = { ...job, request: { ...defaultRequest, tier: "standard" }, result: { ...result, frames: 25 } };
    const lines = await linesOf(metricsOf(job, slow), "upres_job_frames_per_second");
    expect(lines).toContain('upres_job_frames_per_second_sum{tier="fast"} 5');
    expect(lines).toContain('upres_job_frames_per_second_bucket{le="3",tier="fast"} 0');
    expect(lines).toContain('upres_job_frames_per_second_bucket{le="10",tier="fast"} 1');
    expect(lines).toContain('upres_job_frames_per_second_sum{tier="standard"} 0.5');
    expect(lines).toContain('upres_job_frames_per_second_count{tier="standard"} 1');
  });

  it("leave out the speed of jobs that made nothing or took no time", async () => {
    const failed: Job = { ...job, state: "failed", result: undefined };
    const waited: Job = { ...failed, startedAt: undefined };
    const atOnce: Job = { ...job, finishedAt: startedAt };
    const metrics = metricsOf(failed, waited, atOnce);
    expect(await linesOf(metrics, "upres_job_frames_per_second_count")).toEqual([]);
    expect(await linesOf(metrics, "upres_job_run_seconds_count")).toEqual(["upres_job_run_seconds_count 2"]);
    expect(await linesOf(metrics, "upres_frames_total")).toEqual(["upres_frames_total 250"]);
  });
});
