import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ErrorCode } from "../../../src/domain/errors.ts";
import { endpoint, videoUrl } from "../../support/fal-client.ts";
import { type FalServer, startFalServer } from "../../support/fal-server.ts";

let server: FalServer;
beforeAll(async () => {
  server = await startFalServer({ limits: { maxBodyBytes: 100_000 } });
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const auth = { authorization: "Key alice:secret" };

async function post(
  host: "run" | "queue",
  body: string | undefined,
  headers: Record<string, string> = {},
  query = "",
): Promise<Response> {
  return await fetch(`${server.base}/fal/${host}/${endpoint}${query}`, {
    method: "POST",
    headers: { ...auth, ...headers },
    ...(body !== undefined && { body }),
  });
}

async function get(path: string): Promise<Response> {
  return await fetch(`${server.base}/fal/queue/fal-ai/bytedance-upscaler/requests/${path}`, { headers: auth });
}

const presets = "'general', 'ugc', 'short_series', 'aigc' or 'old_film'";
const literal = (expected: string) => ({ type: "literal_error", msg: `Input should be ${expected}`, ctx: { expected } });

/** Input, where the error stands, and the rest of it: the rows of the specification's table. */
const wrongInputs: readonly (readonly [string | undefined, readonly (string | number)[], Record<string, unknown>])[] = [
  ["{}", ["body", "video_url"], { type: "missing", msg: "Field required", input: {} }],
  ['{"video_url":null}', ["body", "video_url"], { type: "string_type", msg: "Input should be a valid string", input: null }],
  [
    '{"video_url":"v","target_resolution":"720p"}',
    ["body", "target_resolution"],
    { ...literal("'1080p', '2k' or '4k'"), input: "720p" },
  ],
  [
    '{"video_url":"v","target_resolution":null}',
    ["body", "target_resolution"],
    { ...literal("'1080p', '2k' or '4k'"), input: null },
  ],
  ['{"video_url":"v","target_fps":30}', ["body", "target_fps"], { ...literal("'30fps' or '60fps'"), input: 30 }],
  ['{"video_url":"v","enhancement_preset":"x"}', ["body", "enhancement_preset"], { ...literal(presets), input: "x" }],
  [
    '{"video_url":"v","enhancement_tier":"x"}',
    ["body", "enhancement_tier"],
    { ...literal("'fast', 'standard' or 'pro'"), input: "x" },
  ],
  ['{"video_url":"v","fidelity":"low"}', ["body", "fidelity"], { ...literal("'high' or 'medium'"), input: "low" }],
  [
    '{"video_url":"v","scale_ratio":1}',
    ["body", "scale_ratio"],
    { type: "greater_than_equal", msg: "Input should be greater than or equal to 1.1", ctx: { ge: 1.1 }, input: 1 },
  ],
  [
    '{"video_url":"v","scale_ratio":10.5}',
    ["body", "scale_ratio"],
    { type: "less_than_equal", msg: "Input should be less than or equal to 10", ctx: { le: 10 }, input: 10.5 },
  ],
  [
    '{"video_url":"v","scale_ratio":"abc"}',
    ["body", "scale_ratio"],
    { type: "float_parsing", msg: "Input should be a valid number, unable to parse string as a number", input: "abc" },
  ],
  [
    '{"video_url":"v","scale_ratio":[2]}',
    ["body", "scale_ratio"],
    { type: "float_type", msg: "Input should be a valid number", input: [2] },
  ],
  [
    "[1]",
    ["body"],
    { type: "model_attributes_type", msg: "Input should be a valid dictionary or object to extract fields from", input: [1] },
  ],
  [undefined, ["body"], { type: "missing", msg: "Field required", input: null }],
  ["{bad", ["body", 1], { type: "json_invalid", msg: "JSON decode error", input: {}, ctx: { error: expect.any(String) } }],
];

describe("wrong input", () => {
  test.each(wrongInputs)(
    "%s is refused at once when run, and accepted by the queue, where it is the result",
    async (body, loc, rest) => {
      const run = await post("run", body);
      expect(run.status).toBe(422);
      expect(run.headers.get("x-fal-billable-units")).toBe("0");
      expect(run.headers.get("x-fal-retryable")).toBe("false");
      expect(run.headers.get("x-fal-request-id")).toMatch(/^[0-9a-f-]{36}$/);
      expect(await run.json()).toEqual({ detail: [{ loc, ...rest }] });

      const submitted = await post("queue", body);
      expect(submitted.status).toBe(200);
      const { request_id: id } = (await submitted.json()) as { request_id: string }; // of that shape, see client.test.ts
      const status = await get(`${id}/status?logs=1`);
      expect(status.status).toBe(200);
      expect(await status.json()).toMatchObject({
        status: "COMPLETED",
        logs: [],
        error: "Invalid status code: 422",
        error_type: rest["type"],
      });
      for (const path of [id, `${id}/`, `${id}/response`]) {
        const result = await get(path);
        expect(result.status).toBe(422);
        expect(await result.json()).toEqual({ detail: [{ loc, ...rest }] });
      }
    },
  );
});

const url = (type: string) => `https://docs.fal.ai/errors#${type}`;
const byVideo = { loc: ["body", "video_url"], input: videoUrl };
const download = {
  ...byVideo,
  type: "file_download_error",
  msg: "Failed to download the file. Please check if the URL is accessible and try again.",
  url: url("file_download_error"),
};
const unsupported = {
  ...byVideo,
  type: "unsupported_video_format",
  msg: "why",
  ctx: { supported_formats: expect.arrayContaining([".mp4", ".mov", ".webm"]) },
  url: url("unsupported_video_format"),
};
const tooLong = {
  ...byVideo,
  type: "video_duration_too_long",
  msg: "why",
  ctx: { max_duration: 60, provided_duration: 61.5 },
  url: url("video_duration_too_long"),
};
const broken = {
  loc: ["body"],
  type: "internal_server_error",
  msg: "The server failed to process the request.",
  input: null,
  url: url("internal_server_error"),
};

/** How each failure of a job looks on its result: status, entry of `detail` or body, and what the status says. */
const failures: readonly (readonly [ErrorCode, number, Record<string, unknown>, Record<string, unknown>])[] = [
  ["download_failed", 422, download, {}],
  ["input_not_found", 422, download, {}],
  ["object_not_found", 422, download, {}],
  ["input_unreadable", 422, unsupported, {}],
  ["no_video", 422, unsupported, {}],
  ["unsupported_input", 422, unsupported, {}],
  ["decode_failed", 422, unsupported, {}],
  [
    "upload_too_large",
    422,
    { ...byVideo, type: "file_too_large", msg: "why", ctx: { max_size: 7 }, url: url("file_too_large") },
    {},
  ],
  [
    "size_limit",
    422,
    {
      loc: ["body", "scale_ratio"],
      input: 4,
      type: "feature_not_supported",
      msg: "The output video resolution exceeds 4K limits (3840x2160).",
      url: url("feature_not_supported"),
    },
    { scale_ratio: 4 },
  ],
  ["input_too_long", 422, tooLong, {}],
  [
    "not_available",
    422,
    {
      loc: ["body", "enhancement_tier"],
      input: "pro",
      type: "feature_not_supported",
      msg: "why",
      url: url("feature_not_supported"),
    },
    { enhancement_tier: "pro" },
  ],
  ["encode_failed", 500, broken, {}],
  ["out_of_memory", 500, broken, {}],
  ["verification_failed", 500, broken, {}],
  ["internal", 500, broken, {}],
];

describe("a job that fails", () => {
  test.each(failures)("of %s answers %i on its result, again and again", async (code, httpStatus, entry, input) => {
    const submitted = await post("queue", JSON.stringify({ video_url: videoUrl, ...input }));
    const { request_id: id } = (await submitted.json()) as { request_id: string }; // of that shape, see client.test.ts
    const claim = await server.driver.start();
    await server.driver.fail(claim, {
      code,
      message: "why",
      details: { maxBytes: 7, durationSeconds: 61.5, maxSourceSeconds: 60 },
    });
    const status = await get(`${id}/status`);
    expect(status.status).toBe(200);
    expect(await status.json()).toMatchObject({
      status: "COMPLETED",
      logs: null,
      error: `Invalid status code: ${httpStatus}`,
      error_type: entry["type"],
    });
    for (let reading = 0; reading < 2; reading += 1) {
      const result = await get(id);
      expect(result.status).toBe(httpStatus);
      expect(result.headers.get("x-fal-request-id")).toBe(id);
      expect(result.headers.get("x-fal-retryable")).toBe(String(httpStatus >= 500));
      expect(result.headers.get("x-fal-billable-units")).toBe("0");
      expect(await result.json()).toEqual({ detail: [entry] });
    }
  });

  test.each([
    ["start_timeout", 504, "request_timeout"],
    ["provider_unavailable", 503, "runner_scheduling_failure"],
    ["cancelled", 499, "client_cancelled"],
  ] as const)("of %s answers %i with its type in body and header", async (code, httpStatus, type) => {
    const submitted = await post("queue", JSON.stringify({ video_url: videoUrl }));
    const { request_id: id } = (await submitted.json()) as { request_id: string }; // of that shape, see client.test.ts
    await server.driver.fail(await server.driver.start(), { code, message: "why", details: {} });
    const result = await get(id);
    expect(result.status).toBe(httpStatus);
    expect(await result.json()).toEqual({ detail: expect.any(String), error_type: type });
    expect(result.headers.get("x-fal-error-type")).toBe(type);
    expect(result.headers.get("x-fal-request-timeout-type")).toBe(code === "start_timeout" ? "user" : null);
    expect(await (await get(`${id}/status`)).json()).toMatchObject({ status: "COMPLETED", error_type: type });
  });
});

describe("a request that is refused as a whole", () => {
  test.each([
    [
      undefined,
      401,
      'Cannot access application "fal-ai/bytedance-upscaler". Authentication is required to access this application.',
    ],
    ["Key alice:wrong", 401, "No user found for Key ID and Secret"],
    ["Basic YTpi", 401, "Invalid Key Authorization header format. Expected '<key_id>:<key_secret>'."],
    ["Key nonsense", 401, "Invalid Key Authorization header format. Expected '<key_id>:<key_secret>'."],
  ])("with authorization %s", async (authorization, status, detail) => {
    for (const host of ["run", "queue"]) {
      for (const method of ["POST", "GET"]) {
        const response = await fetch(`${server.base}/fal/${host}/${endpoint}`, {
          method,
          headers: authorization === undefined ? {} : { authorization },
        });
        expect(response.status).toBe(status);
        expect(await response.json()).toEqual({ detail });
      }
    }
  });

  test.each(["status", "status/stream", "cancel", ""])(
    "with a wrong key on a request's /%s, whether it exists or not",
    async (action) => {
      const response = await fetch(`${server.base}/fal/queue/fal-ai/bytedance-upscaler/requests/nobody/${action}`, {
        method: action === "cancel" ? "PUT" : "GET",
        headers: { authorization: "Key alice:wrong" },
      });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ detail: "invalid key credentials" });
    },
  );

  test("without a key on the file service", async () => {
    const response = await fetch(`${server.base}/fal/rest/storage/upload/initiate`, { method: "POST", body: "{}" });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ detail: "Authorization header is required" });
  });

  test("because it is another account's", async () => {
    const submitted = await post("queue", "{}");
    const { request_id: id } = (await submitted.json()) as { request_id: string }; // of that shape, see client.test.ts
    const path = `${server.base}/fal/queue/fal-ai/bytedance-upscaler/requests/${id}`;
    const response = await fetch(path, { headers: { authorization: "Bearer bob:secret" } });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ status: "NOT_FOUND" });
  });

  test("for a start timeout that is no number", async () => {
    const response = await post("queue", JSON.stringify({ video_url: videoUrl }), { "x-fal-request-timeout": "soon" });
    expect(response.status).toBe(400);
    expect(response.headers.get("x-fal-error-type")).toBe("bad_request");
    expect(await response.json()).toMatchObject({ error_type: "bad_request" });
  });

  test("for a queue that is longer than the caller wants", async () => {
    const body = JSON.stringify({ video_url: videoUrl });
    const first = await post("queue", body);
    const { cancel_url: cancel } = (await first.json()) as { cancel_url: string }; // of that shape, see client.test.ts
    const response = await post("queue", body, {}, "?fal_max_queue_length=1");
    expect(response.status).toBe(429);
    expect(response.headers.get("x-fal-needs-retry")).toBe("1");
    await fetch(cancel, { method: "PUT", headers: auth });
  });

  test("for its size", async () => {
    const response = await post("queue", JSON.stringify({ video_url: "x".repeat(200_000) }));
    expect(response.status).toBe(413);
  });

  test.each([
    ["POST", "run", `${endpoint}/stream`, "Path /upscale/video/stream not found"],
    ["GET", "run", `${endpoint}/realtime`, "Path /upscale/video/realtime not found"],
    ["POST", "queue", "fal-ai/bytedance-upscaler/other", "Path /other not found"],
    ["POST", "queue", "fal-ai/other/model", 'Application "fal-ai/other" not found'],
  ])("for its path: %s %s/%s", async (method, host, path, detail) => {
    const response = await fetch(`${server.base}/fal/${host}/${path}`, { method, headers: auth });
    expect(response.status).toBe(404);
    expect(response.headers.get("x-fal-billable-units")).toBe("0");
    expect(await response.json()).toEqual({ detail });
  });

  test("for its method", async () => {
    const response = await fetch(`${server.base}/fal/run/${endpoint}?video_url=a`, { headers: auth });
    expect(response.status).toBe(405);
    expect(await response.json()).toEqual({ detail: "Method Not Allowed" });
  });
});
