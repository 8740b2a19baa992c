import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RawSocket, type RunwareServer, startRunwareServer, upscaleTask } from "../../support/runware-server.ts";

let server: RunwareServer;
const rejections: unknown[] = [];
const note = (reason: unknown): void => void rejections.push(reason);
beforeAll(async () => {
  process.on("unhandledRejection", note);
  server = await startRunwareServer({ limits: { maxBodyBytes: 100_000 } });
}, 120_000);
afterAll(async () => {
  process.off("unhandledRejection", note);
  await server[Symbol.asyncDispose]();
});

async function countJobs(): Promise<number> {
  const [row] = await server.database.query<{ count: bigint }>("select count(*) as count from jobs");
  return Number(row?.count ?? 0n);
}

const value = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(null, "", 1, 95, true, "MP4", "sync ", "https://example.com/a\u0000.mp4", "data:,x", {}),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
);
const key = fc.constantFrom(
  "taskType",
  "taskUUID",
  "model",
  "inputs",
  "outputFormat",
  "outputQuality",
  "ttl",
  "upres",
  "media",
  "webhookURL",
  "x",
);
const taskType = fc.constantFrom(
  "upscale",
  "getResponse",
  "mediaStorage",
  "imageUpload",
  "getTaskDetails",
  "authentication",
  "ping",
  "",
);
const task = fc
  .tuple(fc.dictionary(key, value), taskType, fc.boolean())
  .map(([changes, type, isNearlyRight]) =>
    isNearlyRight ? { ...upscaleTask({ taskType: type }), ...changes } : { taskType: type, ...changes },
  );
const body = fc.oneof(
  { weight: 6, arbitrary: fc.array(task, { maxLength: 3 }).map((tasks) => JSON.stringify(tasks)) },
  { weight: 1, arbitrary: fc.constant("right").map(() => JSON.stringify([upscaleTask()])) },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.json() },
);

test("no request breaks the server, and none that is refused makes a job", { timeout: 240_000 }, async () => {
  let accepted = 0;
  let jobs = await countJobs();
  await fc.assert(
    fc.asyncProperty(body, async (payload) => {
      const response = await server.app.inject({
        method: "POST",
        url: "/v1",
        headers: { authorization: `Bearer ${server.alice}`, "content-type": "application/json" },
        payload,
      });
      expect(response.statusCode).toBeLessThan(500);
      const answer: { data?: { taskType: string; status?: string }[]; errors?: { code: string }[] } = response.json();
      expect([...(answer.data ?? []), ...(answer.errors ?? [])].every((entry) => typeof entry === "object")).toBe(true);
      const acknowledged = (answer.data ?? []).filter((item) => item.taskType === "upscale" && item.status === undefined).length;
      accepted += acknowledged;
      const now = await countJobs();
      expect(now - jobs).toBe(acknowledged);
      jobs = now;
    }),
    { numRuns: 300 },
  );
  expect(accepted).toBeGreaterThan(0);
  expect(rejections).toEqual([]);
});

test("no frame breaks a connection", { timeout: 240_000 }, async () => {
  const socket = await RawSocket.authenticated(server.socketUrl, server.alice);
  const frame = fc.oneof(
    fc.string({ maxLength: 50 }),
    fc
      .array(
        task.filter(({ taskType: type }) => type !== "authentication"),
        { minLength: 1, maxLength: 2 },
      )
      .map((tasks) => JSON.stringify(tasks)),
  );
  await fc.assert(
    fc.asyncProperty(frame, async (text) => {
      const taskUUID = randomUUID();
      socket.send(text);
      socket.send([{ taskType: "getResponse", taskUUID }]);
      for (;;) if ((await socket.next()).errors?.[0]?.["taskUUID"] === taskUUID) return;
    }),
    { numRuns: 300 },
  );
  expect(rejections).toEqual([]);
});
