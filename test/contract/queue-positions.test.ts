import { expect, test } from "vitest";
import { silentLogger } from "../../src/core/logger.ts";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { createJobService } from "../../src/jobs/create-job-service.ts";
import { createTestDatabase } from "../support/databases.ts";
import { ManualClock } from "../support/manual-clock.ts";

test("positions stay right when the queue gets long, a quarter of a second late at most", async () => {
  await using made = await createTestDatabase("embedded");
  const clock = new ManualClock();
  const logger = silentLogger;
  const limit = { concurrencyLimit: () => Promise.resolve(9), runsWorker: true };
  await using jobs = await createJobService({ database: made.database, clock, logger, ...limit });
  const submit = (priority: "normal" | "low") =>
    jobs.submit({
      accountId: "a",
      dialect: "native",
      request: defaultRequest,
      source: { kind: "object", key: "inputs/x" },
      priority,
      reserveMicros: 0n,
    });
  const low = await submit("low");
  const all = [];
  for (let index = 0; index < 250; index += 1) all.push(await submit("normal"));
  const first = all[0] ?? low;
  const last = all.at(-1) ?? low;
  // The first answer finds the queue long, the next ones come from a picture of it.
  expect(await jobs.queuePosition(last)).toBe(249);
  expect(await jobs.queuePosition(last)).toBe(249);
  expect(await jobs.queuePosition(first)).toBe(0);
  expect(await jobs.queuePosition(low)).toBe(250);

  const late = await submit("normal");
  expect(await jobs.queuePosition(late)).toBe(250);
  await jobs.cancel("a", first.id);
  clock.advance(250);
  expect(await jobs.queuePosition(last)).toBe(248);
  expect(await jobs.queuePosition(late)).toBe(249);
});
