import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ErrorCode } from "../../../src/domain/errors.ts";
import { clipBytes, pollTask, post, type RunwareServer, startRunwareServer, upscaleTask } from "../../support/runware-server.ts";

let server: RunwareServer;
beforeAll(async () => {
  server = await startRunwareServer();
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe("a refused task", () => {
  test.each([
    [{ taskType: undefined }, 400, "missingTaskType"],
    [{ taskType: "videoInference" }, 400, "unsupportedTaskType"],
    [{ taskUUID: undefined }, 400, "missingTaskUUID"],
    [{ taskUUID: "not-a-uuid" }, 400, "invalidTaskUUID"],
    [{ model: undefined }, 400, "missingModel"],
    [{ model: "runware:1@1" }, 400, "invalidModel"],
    [{ inputs: undefined }, 400, "missingInputs"],
    [{ inputs: {} }, 400, "missingInputsVideo"],
    [{ inputs: { video: 7 } }, 400, "invalidInputsVideo"],
    [{ outputQuality: 5 }, 400, "invalidOutputQuality"],
    [{ includeCost: "yes" }, 400, "invalidIncludeCost"],
    [{ positivePrompt: "sharper" }, 400, "unsupportedParameter"],
    [{ upres: { scale: 20 } }, 400, "invalidUpresScale"],
    [{ inputs: { video: randomUUID() } }, 400, "mediaNotFound"],
    [{ inputs: { video: Buffer.from("<html>".repeat(20)).toString("base64") } }, 400, "invalidInputsVideo"],
    [{ inputs: { video: "data:video/mp4;base64,%%%" } }, 400, "invalidInputsVideo"],
    [{ taskType: "getResponse" }, 404, "taskNotFound"],
    [{ taskType: "getTaskDetails" }, 404, "taskNotFound"],
    [{ taskType: "getResponse", taskUUID: "x" }, 400, "invalidTaskUUID"],
    [{ taskType: "getResponse", taskUUID: undefined }, 400, "missingTaskUUID"],
  ])("of %j gets %i %s", async (changes, status, code) => {
    const task: Readonly<Record<string, unknown>> = upscaleTask(changes);
    const reply = await post(server, [task]);
    expect(reply.status).toBe(status);
    expect(reply.body.data).toEqual([]);
    expect(reply.body.errors).toHaveLength(1);
    const entry = reply.body.errors?.[0];
    expect(entry).toMatchObject({ code, message: expect.any(String), parameter: expect.any(String) });
    // What was given comes back verbatim, right or wrong.
    for (const name of ["taskUUID", "taskType"]) expect(entry?.[name]).toBe(task[name]);
  });

  test("an endless UUID or key is not repeated endlessly", async () => {
    const long = "x".repeat(100_000);
    for (const changes of [{ taskUUID: long }, { [long]: 1 }, { taskType: long }]) {
      const { status, body } = await post(server, [upscaleTask(changes)]);
      expect(status).toBe(400);
      expect(JSON.stringify(body).length).toBeLessThan(3_000);
    }
  });
});

/** Every way a job fails, and what a poll says of it. */
const failures = {
  bad_request: ["invalidPayload", undefined],
  not_available: ["unsupportedParameter", "upres.tier"],
  input_not_found: ["failedToTransferVideo", "inputs.video"],
  input_unreadable: ["invalidInputsVideo", "inputs.video"],
  no_video: ["invalidInputsVideo", "inputs.video"],
  unsupported_input: ["invalidInputsVideo", "inputs.video"],
  size_limit: ["invalidInputsVideo", "inputs.video"],
  input_too_long: ["invalidInputsVideo", "inputs.video"],
  download_failed: ["failedToTransferVideo", "inputs.video"],
  output_exists: ["processingFailed", undefined],
  output_unwritable: ["processingFailed", undefined],
  workspace_busy: ["processingFailed", undefined],
  provider_unavailable: ["providerUnavailable", undefined],
  model_invalid: ["processingFailed", undefined],
  decode_failed: ["invalidInputsVideo", "inputs.video"],
  encode_failed: ["processingFailed", undefined],
  out_of_memory: ["processingFailed", undefined],
  verification_failed: ["processingFailed", undefined],
  cancelled: ["taskFailed", undefined],
  job_finished: ["taskFailed", undefined],
  job_not_found: ["taskNotFound", "taskUUID"],
  queue_full: ["rateLimitExceeded", undefined],
  too_many_jobs: ["rateLimitExceeded", undefined],
  start_timeout: ["providerTimeout", undefined],
  credits_exhausted: ["insufficientCredits", undefined],
  rate_limited: ["rateLimitExceeded", undefined],
  unauthorized: ["invalidApiKey", "apiKey"],
  forbidden: ["invalidApiKey", "apiKey"],
  object_not_found: ["mediaNotFound", "inputs.video"],
  upload_not_found: ["mediaNotFound", "inputs.video"],
  upload_too_large: ["failedToTransferVideo", "inputs.video"],
  upload_refused: ["uploadFailed", "uploadEndpoint"],
  internal: ["processingFailed", undefined],
} satisfies Record<ErrorCode, readonly [string, string | undefined]>;

/** Words of the server's own are not for callers. */
const isOwnAffair = (code: string, wireCode: string): boolean =>
  ["processingFailed", "providerUnavailable", "taskFailed", "taskNotFound"].includes(wireCode) || code === "input_not_found";

test.each(Object.entries(failures))("a task that failed of %s says so with status 200", async (code, [wireCode, parameter]) => {
  const task = upscaleTask({ upres: { tier: "pro" } });
  await post(server, [task]);
  const claim = await server.driver.start();
  await server.driver.fail(claim, { code: code as ErrorCode, message: "It did not work.", details: {} }); // a key of the table
  expect(await post(server, [pollTask(task.taskUUID)])).toEqual({
    status: 200,
    body: {
      data: [],
      errors: [
        {
          code: wireCode,
          status: "error",
          message: isOwnAffair(code, wireCode) ? expect.not.stringContaining("did not work") : "It did not work.",
          ...(parameter !== undefined && { parameter }),
          taskUUID: task.taskUUID,
          taskType: "upscale",
        },
      ],
    },
  });
});

test("a cancelled task has failed", async () => {
  const task = upscaleTask();
  await post(server, [task]);
  const claim = await server.driver.start();
  await server.jobs.cancel(claim.job.accountId, claim.job.id);
  expect((await post(server, [pollTask(task.taskUUID)])).body.errors?.[0]).toMatchObject({ code: "taskFailed", status: "error" });
});

test("a key that was used too often may poll on, but not submit", async () => {
  const { credential: key } = await server.accounts.createKey({ name: "slow", requestsPerMinute: 1 });
  const [first, second] = [upscaleTask(), upscaleTask()];
  expect((await post(server, [first], { key })).status).toBe(200);
  const refused = await post(server, [second], { key });
  expect(refused.status).toBe(429);
  expect(refused.body.errors?.[0]).toMatchObject({ code: "rateLimitExceeded", taskUUID: second.taskUUID });
  expect((await post(server, [pollTask(first.taskUUID)], { key })).status).toBe(200);
  await server.driver.workOnce();
});

test("a key that was revoked is refused, and its tasks make no work", async () => {
  const { credential, key } = await server.accounts.createKey({ name: "gone" });
  await server.accounts.revokeKey(key.id);
  expect((await post(server, [upscaleTask()], { key: credential })).status).toBe(401);
});

test("a server error says nothing of itself", async () => {
  await using broken = await startRunwareServer();
  await broken.database.query("drop table runware_media");
  const task = upscaleTask();
  const { status, body } = await post(broken, [task]);
  expect(status).toBe(500);
  expect(body.errors).toEqual([
    {
      code: "internalServerError",
      message: "The server failed unexpectedly; its log says more.",
      taskUUID: task.taskUUID,
      taskType: "upscale",
    },
  ]);
});

test("a video in a task is stored, and the job holds only where", async () => {
  const task = upscaleTask({ inputs: { video: clipBytes.toString("base64") } });
  expect((await post(server, [task])).status).toBe(200);
  const claim = await server.driver.start();
  const { source } = claim.job;
  expect(source).toEqual({ kind: "object", key: expect.stringMatching(/^inputs\//) });
  expect(source.kind === "object" && (await server.store.head(source.key))).toMatchObject({
    sizeBytes: clipBytes.length,
    contentType: "video/mp4",
  });
  await server.driver.succeed(claim);
  const details = await post(server, [{ taskType: "getTaskDetails", taskUUID: task.taskUUID }]);
  expect(JSON.stringify(details.body)).not.toContain(clipBytes.toString("base64"));
});
