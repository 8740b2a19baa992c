import { describe, expect, it } from "vitest";
import { estimateSecondsLeft } from "./seconds-left.ts";

const startedAt = new Date("2026-01-01T00:00:00Z");
const after = (seconds: number): Date => new Date(startedAt.getTime() + seconds * 1000);

describe("the seconds left of a job", () => {
  it.each([
    [0.5, 60, 60],
    [0.25, 30, 90],
    [0.1, 10.4, 94],
    [0.02, 2, 98],
    [0.999, 100, 1],
  ])("at progress %d after %d s are %d", (progress, spent, left) => {
    expect(estimateSecondsLeft({ state: "running", progress, startedAt }, after(spent))).toBe(left);
  });

  it.each([
    ["it waits", { state: "queued", progress: 0, startedAt: undefined }, 10],
    ["it has hardly begun", { state: "running", progress: 0.019, startedAt }, 10],
    ["all frames are done", { state: "running", progress: 1, startedAt }, 10],
    ["it has succeeded", { state: "succeeded", progress: 1, startedAt }, 10],
    ["it has failed half-way", { state: "failed", progress: 0.5, startedAt }, 10],
    ["it is cancelled half-way", { state: "cancelled", progress: 0.5, startedAt }, 10],
    ["it began in the future", { state: "running", progress: 0.5, startedAt }, -5],
  ] as const)("are unknown when %s", (_why, job, spent) => {
    expect(estimateSecondsLeft(job, after(spent))).toBeNull();
  });
});
