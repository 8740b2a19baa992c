import { expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { PollBudget } from "./poll-budget.ts";

const read = { method: "GET", url: "/api/jobs/1" };

function setUp(cores: number) {
  const clock = new ManualClock();
  const processor = { micros: 0 };
  const state = { isWorking: true };
  const budget = new PollBudget({ clock, cores, isWorking: () => state.isWorking, usedMicros: () => processor.micros });
  return { clock, processor, state, budget };
}

/** How many of many reads are answered within a second when each costs two milliseconds. */
async function answeredInASecond({ clock, processor, budget }: ReturnType<typeof setUp>, request = read): Promise<number> {
  let answered = 0;
  const asked = Array.from({ length: 2000 }, () =>
    budget.wait(request, new AbortController().signal).then(() => {
      answered += 1;
      processor.micros += 2000;
    }),
  );
  for (let elapsedMs = 0; elapsedMs < 1000; elapsedMs += 10) {
    clock.advance(10);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }
  const within = answered;
  for (let step = 0; step < 400; step += 1) {
    clock.advance(10);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }
  await Promise.all(asked);
  return within;
}

test("while there is work, reads get the share of the processor that they may have, and in the end each is answered", async () => {
  const answered = await answeredInASecond(setUp(0.2));
  // 200 ms of a second, and 200 ms at once.
  expect(answered).toBeGreaterThan(150);
  expect(answered).toBeLessThan(260);
});

test("without work nothing waits", async () => {
  const made = setUp(0.2);
  made.state.isWorking = false;
  expect(await answeredInASecond(made)).toBe(2000);
});

test.each([
  { method: "POST", url: "/api/jobs" },
  { method: "GET", url: "/files/token/name.mp4" },
  { method: "GET", url: "/healthz" },
  { method: "GET", url: "/api/jobs/1/events" },
  { method: "GET", url: "/fal/queue/fal-ai/bytedance-upscaler/requests/1/status/stream?logs=1" },
])("%o never waits", async (request) => {
  expect(await answeredInASecond(setUp(0.01), request)).toBe(2000);
});
