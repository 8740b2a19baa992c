import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { text as readText } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { pollTask, post, type RunwareServer, startRunwareServer, upscaleTask } from "../../support/runware-server.ts";

let server: RunwareServer;
beforeAll(async () => {
  server = await startRunwareServer({ limits: { maxBodyBytes: 100_000, syncWaitMs: 60_000 } });
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function countJobs(): Promise<number> {
  const [row] = await server.database.query<{ count: bigint }>("select count(*) as count from jobs");
  return Number(row?.count ?? 0n);
}

describe("one task", () => {
  test.each(["/v1", "/v1/", "/", "/v1?sdk=x&unknown=1"])("is acknowledged and polled on %s", async (path) => {
    const task = upscaleTask();
    const { taskUUID } = task;
    expect(await post(server, [task], { path })).toEqual({ status: 200, body: { data: [{ taskType: "upscale", taskUUID }] } });
    expect(await post(server, [pollTask(taskUUID)], { path })).toEqual({
      status: 200,
      body: { data: [{ taskType: "upscale", taskUUID, status: "processing" }] },
    });
    await server.driver.workOnce();
    const { status, body } = await post(server, [pollTask(taskUUID)], { path });
    expect(status).toBe(200);
    expect(body.errors).toBeUndefined();
    expect(body.data).toEqual([
      {
        taskType: "upscale",
        taskUUID,
        status: "success",
        videoUUID: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4/),
        videoURL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/files\/.*\.mp4$/),
        mediaUUID: body.data?.[0]?.["videoUUID"],
        mediaURL: body.data?.[0]?.["videoURL"],
      },
    ]);
    expect(await post(server, [pollTask(taskUUID)], { path })).toEqual({ status, body });
  });

  test("answers with the UUID as it was written, and finds it in any case", async () => {
    const upper = randomUUID().toUpperCase();
    expect((await post(server, [upscaleTask({ taskUUID: upper })])).body.data).toEqual([
      { taskType: "upscale", taskUUID: upper },
    ]);
    await server.driver.workOnce();
    expect((await post(server, [pollTask(upper.toLowerCase())])).body.data).toEqual([
      expect.objectContaining({ taskUUID: upper.toLowerCase(), status: "success" }),
    ]);
    expect((await post(server, [upscaleTask({ taskUUID: upper.toLowerCase() })])).body.errors?.[0]?.["code"]).toBe(
      "conflictTaskUUID",
    );
  });

  test("synchronous is held until its end", async () => {
    const task = upscaleTask({ deliveryMethod: "sync", includeCost: true });
    const [{ status, body }] = await Promise.all([post(server, [task]), server.driver.workOnce()]);
    expect(status).toBe(200);
    expect(body.data).toEqual([expect.objectContaining({ status: "success", taskUUID: task.taskUUID, cost: 0 })]);
  });

  test("synchronous that fails is in errors, and was accepted", async () => {
    const task = upscaleTask({ deliveryMethod: "sync" });
    const posted = post(server, [task]);
    const claim = await server.driver.start();
    await server.driver.fail(claim, { code: "no_video", message: "The file has no video.", details: {} });
    const { status, body } = await posted;
    expect(status).toBe(200);
    expect(body).toEqual({
      data: [],
      errors: [
        {
          code: "invalidInputsVideo",
          status: "error",
          message: "The file has no video.",
          parameter: "inputs.video",
          taskUUID: task.taskUUID,
          taskType: "upscale",
        },
      ],
    });
  });
});

test("a synchronous task that takes too long goes on without its caller", async () => {
  await using impatient = await startRunwareServer({ limits: { syncWaitMs: 100 } });
  const task = upscaleTask({ deliveryMethod: "sync" });
  const { status, body } = await post(impatient, [task]);
  expect(status).toBe(504);
  expect(body.errors).toEqual([expect.objectContaining({ code: "syncTimeout", taskUUID: task.taskUUID, taskType: "upscale" })]);
  await impatient.driver.workOnce();
  expect((await post(impatient, [pollTask(task.taskUUID)])).body.data?.[0]?.["status"]).toBe("success");
});

describe("several tasks", () => {
  test("one of them wrong: each is answered by itself, and the request is accepted", async () => {
    const [good, bad] = [upscaleTask(), upscaleTask({ ttl: 5 })];
    const { status, body } = await post(server, [bad, good]);
    expect(status).toBe(200);
    expect(body.data).toEqual([{ taskType: "upscale", taskUUID: good.taskUUID }]);
    expect(body.errors).toEqual([expect.objectContaining({ code: "invalidTtl", taskUUID: bad.taskUUID })]);
    await server.driver.workOnce();
  });

  test("of the same UUID: the second conflicts", async () => {
    const task = upscaleTask();
    const { status, body } = await post(server, [task, task]);
    expect(status).toBe(200);
    expect(body.data).toHaveLength(1);
    expect(body.errors).toEqual([
      expect.objectContaining({ code: "conflictTaskUUID", parameter: "taskUUID", taskUUID: task.taskUUID }),
    ]);
    await server.driver.workOnce();
  });

  test("sent at the same time with the same UUID: one is accepted", async () => {
    const task = upscaleTask();
    const replies = await Promise.all(Array.from({ length: 8 }, () => post(server, [task])));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 400)).toHaveLength(7);
    await server.driver.workOnce();
  });

  test("all of them wrong: the first one's status", async () => {
    const { status } = await post(server, [pollTask(randomUUID()), upscaleTask({ ttl: 5 })]);
    expect(status).toBe(404);
  });
});

test("a refused task does not take its UUID", async () => {
  const task = upscaleTask();
  expect((await post(server, [{ ...task, inputs: { video: randomUUID() } }])).body.errors?.[0]).toMatchObject({
    code: "mediaNotFound",
  });
  expect((await post(server, [{ ...task, ttl: 1 }])).status).toBe(400);
  expect((await post(server, [task])).status).toBe(200);
  await server.driver.workOnce();
});

test("a UUID is each account's own", async () => {
  const task = upscaleTask();
  expect((await post(server, [task], { key: server.alice })).status).toBe(200);
  expect((await post(server, [pollTask(task.taskUUID)], { key: server.bob })).status).toBe(404);
  expect((await post(server, [task], { key: server.bob })).status).toBe(200);
  await server.driver.workOnce();
  await server.driver.workOnce();
  const [hers] = (await post(server, [pollTask(task.taskUUID)], { key: server.alice })).body.data ?? [];
  expect(hers?.["status"]).toBe("success");
  const use = upscaleTask({ inputs: { video: hers?.["videoUUID"] } });
  expect((await post(server, [use], { key: server.bob })).body.errors?.[0]).toMatchObject({ code: "mediaNotFound" });
});

describe("keys", () => {
  const wrong = "00000000-0000-4000-8000-000000000000:wrong-secret-of-enough-length";
  const refused = {
    errors: [expect.objectContaining({ code: "invalidApiKey", taskType: "authentication", parameter: "apiKey" })],
  };

  test("may come in the first task, which is left out of the answer", async () => {
    const task = upscaleTask();
    const { status, body } = await post(server, [{ taskType: "authentication", apiKey: server.bob }, task], { key: undefined });
    expect(status).toBe(200);
    expect(body.data).toEqual([{ taskType: "upscale", taskUUID: task.taskUUID }]);
    await server.driver.workOnce();
    expect((await post(server, [{ taskType: "authentication", apiKey: server.bob }], { key: undefined })).body).toEqual({
      data: [],
    });
  });

  test("that are wrong are refused wherever they stand, without the task's UUID", async () => {
    for (const { status, body } of [
      await post(server, [upscaleTask()], { key: wrong }),
      await post(server, [upscaleTask()], { key: "" }).then((reply) => ({ ...reply, body: { errors: reply.body.errors } })),
      await post(server, [{ taskType: "authentication", apiKey: wrong }, upscaleTask()], { key: undefined }),
      await post(server, [{ taskType: "authentication", apiKey: 7 }, upscaleTask()], { key: undefined }),
      await post(server, [{ taskType: "authentication", apiKey: wrong }, upscaleTask()]),
    ]) {
      expect(status).toBe(401);
      expect(body).toEqual(refused);
      expect(body.errors?.[0]).not.toHaveProperty("taskUUID");
    }
  });

  test("in the header are looked at before the body", async () => {
    expect((await post(server, "{ not json", { key: wrong })).status).toBe(401);
  });

  test("that are missing are missed for each task", async () => {
    const task = upscaleTask();
    const { status, body } = await post(server, [task], { key: undefined });
    expect(status).toBe(401);
    expect(body).toEqual({
      errors: [expect.objectContaining({ code: "missingApiKey", taskUUID: task.taskUUID, taskType: "upscale" })],
    });
  });

  test("are not needed where there are none", async () => {
    await using open = await startRunwareServer({ isOpen: true });
    for (const key of [undefined, "anything"]) expect((await post(open, [upscaleTask()], { key })).status).toBe(200);
  });
});

describe("the request itself", () => {
  test.each([
    ["", 400, "invalidJSON"],
    ["{ not json", 400, "invalidJSON"],
    ["{}", 400, "invalidPayload"],
    ["[]", 400, "invalidPayload"],
    ["[7]", 400, "invalidPayload"],
    [`["${"a".repeat(200_000)}"]`, 413, "invalidPayload"],
  ])("%.20s is refused", async (body, status, code) => {
    const reply = await post(server, body);
    expect(reply.status).toBe(status);
    expect(reply.body).toEqual({ data: [], errors: [{ code, message: expect.any(String) }] });
  });

  test("is read whatever its type is called", async () => {
    const task = upscaleTask();
    const reply = await post(server, [task], { headers: { "content-type": "text/plain" } });
    expect(reply.status).toBe(200);
    await server.driver.workOnce();
  });

  test.each(["GET", "PUT", "PATCH", "DELETE"])("%s is not a way to ask", async (method) => {
    for (const path of ["/v1", "/v1/"]) {
      const response = await fetch(`${server.base}${path}`, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe("POST, OPTIONS");
      expect(await response.json()).toMatchObject({ data: [], errors: [{ code: "methodNotAllowed" }] });
    }
  });

  test("GET of the root is left to others", async () => {
    const response = await fetch(server.base);
    expect(response.status).toBe(404);
    expect(server.app.hasRoute({ method: "GET", url: "/" })).toBe(false);
  });

  test("browsers may ask from anywhere", async () => {
    const preflight = await fetch(`${server.base}/v1`, { method: "OPTIONS" });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization, content-type");
    const response = await fetch(`${server.base}/v1`, { method: "POST", body: "[]" });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("an offer to speak another protocol does not cost the body", async () => {
    const task = upscaleTask();
    const request = requestHttp(`${server.base}/v1`, {
      method: "POST",
      headers: {
        connection: "Upgrade, HTTP2-Settings",
        upgrade: "h2c",
        "http2-settings": "AAMAAABk",
        authorization: `Bearer ${server.alice}`,
      },
    });
    request.end(JSON.stringify([task]));
    const answered = await new Promise<string>((resolve, reject) => {
      request.on("response", (response) => void readText(response).then(resolve, reject));
      request.on("error", reject);
    });
    expect(JSON.parse(answered)).toEqual({ data: [{ taskType: "upscale", taskUUID: task.taskUUID }] });
    await server.driver.workOnce();
  });
});

describe("a dry run", () => {
  const headers = { "x-runware-dry-run": "1" };

  test("checks, prices, and runs nothing", async () => {
    const before = await countJobs();
    const task = upscaleTask();
    const { status, body } = await post(server, [task], { headers });
    expect(status).toBe(200);
    expect(body.data).toEqual([{ taskType: "upscale", taskUUID: task.taskUUID, cost: 0 }]);
    expect((await post(server, [upscaleTask({ ttl: 1 })], { headers })).status).toBe(400);
    expect((await post(server, [pollTask(task.taskUUID)])).status).toBe(404);
    expect(await countJobs()).toBe(before);
  });

  test("where seconds cost something looks at the video, and says why it cannot", async () => {
    await using dear = await startRunwareServer({ secondMicros: 12_850 });
    const { status, body } = await post(dear, [upscaleTask({ inputs: { video: `${dear.base}/v1` } })], { headers });
    expect(status).toBe(400);
    expect(body.errors?.[0]).toMatchObject({ code: "failedToTransferVideo", parameter: "inputs.video" });
  });
});

test("settings decide the size where the task does not, and which UUIDs are taken", async () => {
  await using other = await startRunwareServer({ target: "next", acceptsAnyUuidVersion: true });
  const taskUUID = "0190a6e0-7b3c-7def-8abc-0123456789ab";
  expect((await post(other, [upscaleTask({ taskUUID })])).status).toBe(200);
  const claim = await other.driver.start();
  expect(claim.job.request.target).toEqual({ kind: "next_box" });
  await other.driver.succeed(claim);
  expect((await post(server, [upscaleTask({ taskUUID })])).body.errors?.[0]).toMatchObject({ code: "invalidTaskUUID", taskUUID });
});

describe("a body larger than a stranger's may be", () => {
  const large = (...first: object[]): object[] => [...first, upscaleTask({ inputs: { video: "!".repeat(80_000) } })];

  /** The answer to the first 70,000 characters of a body that does not go on. */
  async function answerToPart(
    text: string,
    headers: Record<string, string>,
  ): Promise<{ status: number | undefined; body: unknown }> {
    const request = requestHttp(`${server.base}/v1`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": "90000", ...headers },
    });
    onTestFinished(() => void request.destroy());
    request.on("error", () => undefined);
    const answered = once(request, "response");
    request.write(text.slice(0, 70_000));
    const [response] = (await answered) as [IncomingMessage];
    return { status: response.statusCode, body: JSON.parse(await readText(response)) };
  }

  test.each([
    ["without a key", [], "missingApiKey"],
    ["with a wrong one", [{ taskType: "authentication", apiKey: "wrong" }], "invalidApiKey"],
  ])("is not read to its end %s", async (_what, first, code) => {
    expect(await answerToPart(JSON.stringify(large(...first)), {})).toEqual({
      status: 401,
      body: { errors: [expect.objectContaining({ code })] },
    });
  });

  test("is read where it begins with a key", async () => {
    const tasks = large({ apiKey: server.alice, taskType: "authentication" });
    const { status, body } = await post(server, tasks, { key: undefined });
    expect(status).toBe(400);
    expect(body.errors).toEqual([expect.objectContaining({ code: "invalidInputsVideo" })]);
  });

  test("needs no key where none was made", async () => {
    await using open = await startRunwareServer({ isOpen: true });
    const { body } = await post(open, large(), { key: undefined });
    expect(body.errors).toEqual([expect.objectContaining({ code: "invalidInputsVideo" })]);
  });
});

test("the key in the header says whose the tasks are, whatever other key is among them", async () => {
  const task = upscaleTask();
  const tasks = [{ taskType: "authentication", apiKey: server.bob }, task];
  expect((await post(server, tasks, { key: server.alice })).status).toBe(200);
  expect((await post(server, [pollTask(task.taskUUID)], { key: server.alice })).status).toBe(200);
  expect((await post(server, [pollTask(task.taskUUID)], { key: server.bob })).status).toBe(404);
  await server.driver.workOnce();
});
