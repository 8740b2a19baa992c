import { expect, test } from "vitest";
import type { JobService } from "../../jobs/job-service.ts";
import { DailyLimit } from "./daily-limit.ts";

/** As many tasks as were made; each answer takes a turn of the event loop, as a database's does. */
class CountedTasks implements Pick<JobService, "spending" | "count" | "list"> {
  made = 0;

  async make(): Promise<"made"> {
    await new Promise(setImmediate);
    this.made += 1;
    return "made";
  }

  async spending() {
    await new Promise(setImmediate);
    return [{ day: "2026-01-01", dialect: "runway", jobs: this.made, micros: 0n }] as const;
  }

  async count() {
    return await Promise.resolve(this.made);
  }

  async list() {
    return await Promise.resolve([]);
  }
}

const clock = { now: () => new Date("2026-01-01T12:00:00Z"), sleep: () => Promise.resolve() };

test("of many creates at once only as many make a task as there are places", async () => {
  const jobs = new CountedTasks();
  const limit = new DailyLimit({ jobs, clock, dailyLimit: 2 });
  const outcomes = await Promise.all([1, 2, 3, 4, 5].map(() => limit.within("a", () => jobs.make())));
  expect(outcomes.filter((outcome) => outcome === "made")).toHaveLength(2);
  expect(outcomes.filter((outcome) => outcome !== "made")).toEqual([1, 2, 3].map(() => ({ waitSeconds: 86_400 })));
});

test("a create that fails takes no place, and the next one has its turn", async () => {
  const jobs = new CountedTasks();
  const limit = new DailyLimit({ jobs, clock, dailyLimit: 1 });
  const failing = limit.within("a", () => Promise.reject(new RangeError("it failed")));
  const next = limit.within("a", () => jobs.make());
  await expect(failing).rejects.toThrow("it failed");
  expect(await next).toBe("made");
});

test("without a limit nobody waits for anybody", async () => {
  const jobs = new CountedTasks();
  const limit = new DailyLimit({ jobs, clock, dailyLimit: undefined });
  expect(await Promise.all([1, 2, 3].map(() => limit.within("a", () => jobs.make())))).toEqual(["made", "made", "made"]);
});
