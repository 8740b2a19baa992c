import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "../../../src/domain/errors.ts";
import { makeClip } from "../../support/runway-clips.ts";
import { clientVersions, createClient, failureOf, mounts } from "../../support/runway-client.ts";
import {
  answerOf,
  docUrl,
  model,
  postTo,
  refused,
  type RunwayRequestOptions,
  videoIssue,
} from "../../support/runway-requests.ts";
import { type RunwayServer, startRunwayServer } from "../../support/runway-server.ts";
import { file, type SourceHost, startSourceHost, status } from "../../support/runway-sources.ts";

const mebibyte = 1024 ** 2;
let server: RunwayServer;
let strict: RunwayServer;
let sources: SourceHost;
let clip: Buffer;
let breaks: Error | undefined;
let breaksLooking: Error | undefined;
beforeAll(async () => {
  clip = await makeClip(1);
  const wide = await makeClip(1, { width: 4096, height: 32 });
  const long = await makeClip(41, { width: 32, height: 32 });
  const longest = await makeClip(40, { width: 32, height: 32 });
  sources = await startSourceHost({
    "/clip.mp4": file(clip),
    "/wide.mp4": file(wide),
    "/long.mp4": file(long),
    "/longest.mp4": file(longest),
    "/notes.txt": file("These are words, not pictures. ".repeat(40), "text/plain"),
    "/words.mp4": file("These are words, not pictures. ".repeat(40)),
    "/empty.mp4": file(""),
    "/page.mp4": file("<!doctype html><title>404</title>"),
    "/noise.mp4": file(Buffer.concat([clip.subarray(0, 32), Buffer.alloc(4000, 0xa7)])),
    "/octets": file(clip, "application/octet-stream"),
    "/typeless": (_request, response) => response.end(clip),
    "/parameter": file(clip, "Video/MP4; codecs=avc1"),
    "/moved": status(302, { location: "/clip.mp4" }),
    "/headless": (request, response) => (request.method === "HEAD" ? status(405) : file(clip))(request, response),
    "/switches": status(101, { connection: "upgrade", upgrade: "other" }),
    "/forbidden": status(403),
    "/broken": status(500),
    "/unchanged": status(304),
    "/silent": () => undefined,
    "/stalls": (_request, response) => {
      response.writeHead(200, { "content-type": "video/mp4" });
      response.write(clip.subarray(0, 5_000));
    },
    "/declared": (_request, response) => {
      response.writeHead(200, { "content-type": "video/mp4", "content-length": 32 * mebibyte + 1 });
      response.write(clip);
    },
    "/endless": (_request, response) => {
      response.writeHead(200, { "content-type": "video/mp4" });
      response.write(clip);
      const chunk = Buffer.alloc(mebibyte);
      const more = (): void => void (response.writable && response.write(chunk, () => setImmediate(more)));
      more();
    },
    "/cut": (_request, response) => {
      response.writeHead(200, { "content-type": "video/mp4", "content-length": clip.length });
      response.write(clip.subarray(0, 5_000), () => response.destroy());
    },
  });
  server = await startRunwayServer({
    replace: ({ jobs, inspectSource }) => ({
      inspectSource: (...asked) => (breaksLooking === undefined ? inspectSource(...asked) : Promise.reject(breaksLooking)),
      jobs: new Proxy(jobs, {
        get: (target, name) => {
          if (name === "submit" && breaks !== undefined) return () => Promise.reject(breaks);
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
    }),
  });
  strict = await startRunwayServer({ allowsHttp: false, sourceTimeoutMs: 500 });
}, 120_000);
beforeEach(() => {
  breaks = undefined;
  breaksLooking = undefined;
});
afterAll(async () => {
  await sources[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await strict[Symbol.asyncDispose]();
});

async function post(
  path: string,
  body: string,
  options: RunwayRequestOptions & { readonly to?: RunwayServer },
): Promise<Response> {
  return await postTo((options.to ?? server).base, path, body, options);
}

const unreachable = "Failed to fetch asset. The URL may be incorrect or the server hosting the asset may be down.";
const code = (received: string) => `Failed to fetch asset. Received HTTP response code "${received}".`;
const unsupportedData = "Unsupported asset type. Data URIs must include the content type of the value they encode.";
const tooWide = "Invalid asset dimensions. Each side must be less than 4096 pixels.";
const tooLong = {
  code: "too_big",
  maximum: 40,
  type: "number",
  inclusive: true,
  origin: "number",
  message: "Asset duration must be at most 40 seconds",
  path: ["videoUri"],
};

/** Where the video is said to be ("/…" on the source host), and what is wrong with it. */
const wrongVideos: readonly (readonly [string, unknown])[] = [
  ["ftp://example.com/a.mp4", videoIssue("Only HTTPS URLs are allowed.")],
  ["file:///etc/passwd", videoIssue("Only HTTPS URLs are allowed.")],
  ["no URL at all", videoIssue("Invalid URL")],
  ["", videoIssue("Invalid URL")],
  ["https://", videoIssue("Invalid URL")],
  ["https://a.b", expect.objectContaining({ code: "too_small", minimum: 13, path: ["videoUri"] })],
  [`https://example.com/${"a".repeat(2048)}`, expect.objectContaining({ code: "too_big", maximum: 2048 })],
  ["data:video/mp4;base64,!!!!", videoIssue("Invalid data URI.")],
  ["data:video/mp4;base64", videoIssue("Invalid data URI.")],
  ["data:video/mp4,abc", videoIssue("Invalid data URI.")],
  ["data:image/png;base64,AAAA", videoIssue(unsupportedData)],
  ["data:;base64,AAAA", videoIssue(unsupportedData)],
  ["data:application/octet-stream;base64,AAAA", videoIssue(unsupportedData)],
  ["data:video/x-flv;base64,AAAA", videoIssue(unsupportedData)],
  ["data:video/mp4;base64,AAAA", videoIssue("Failed to fetch video metadata")],
  ["data:video/mp4;base64,", videoIssue("Failed to fetch video metadata")],
  ["/nothing", videoIssue(code("404"))],
  ["/forbidden", videoIssue(code("403"))],
  ["/broken", videoIssue(code("500"))],
  ["/unchanged", videoIssue(code("304"))],
  ["/moved", videoIssue(code("302"))],
  ["/headless", videoIssue(code("405"))],
  ["http://127.0.0.1:1/clip.mp4", videoIssue(unreachable)],
  ["https://no-such-name.invalid/clip.mp4", videoIssue(unreachable)],
  ["https://10.0.0.1/clip.mp4", videoIssue(unreachable)],
  ["/cut", videoIssue(unreachable)],
  ["/notes.txt", videoIssue("Failed to fetch video metadata")],
  ["/words.mp4", videoIssue("Failed to fetch video metadata")],
  ["/empty.mp4", videoIssue("Failed to fetch video metadata")],
  ["/page.mp4", videoIssue("Failed to fetch video metadata")],
  ["/noise.mp4", videoIssue("Failed to fetch video metadata")],
  ["/octets", videoIssue('Unsupported Content-Type response header: "application/octet-stream".')],
  ["/typeless", videoIssue('Unsupported Content-Type response header: "".')],
  ["/declared", videoIssue("Asset size exceeds 32.0MB.")],
  ["/endless", videoIssue("Asset size exceeds 32.0MB.")],
  ["/wide.mp4", videoIssue(tooWide)],
  ["/long.mp4", tooLong],
  ["runway://nothing-of-ours", videoIssue("The upload URI is not valid or has expired.")],
  ["runway://", expect.objectContaining({ code: "too_small", minimum: 13 })],
  [`runway://${"a".repeat(5000)}`, expect.objectContaining({ code: "too_big", maximum: 5000 })],
];

function uriOf(place: string): string {
  return place.startsWith("/") ? `${sources.base}${place}` : place;
}

async function inputsIn({ store }: RunwayServer): Promise<number> {
  return (await Array.fromAsync(store.list("inputs/"))).length;
}

describe("a video that cannot be taken", () => {
  test.each(wrongVideos)("%.60s", async (place, issue) => {
    const { id, key } = await server.account();
    const body = JSON.stringify({ model, videoUri: uriOf(place) });
    const before = await inputsIn(server);
    expect(await answerOf(await post("/v1/video_upscale", body, { key }))).toEqual(refused(issue));
    expect(await server.jobs.count(id)).toBe(0);
    expect(await inputsIn(server)).toBe(before);
  });

  test.each([
    ["http://example.com/clip.mp4", "Only HTTPS URLs are allowed."],
    ["https://127.0.0.1/clip.mp4", "URLs must be hosted on a domain."],
    ["https://0x7f.1/clip.mp4", "URLs must be hosted on a domain."],
    ["https://[::1]/clip.mp4", "URLs must be hosted on a domain."],
  ])("%s, as the hosted service sees it", async (videoUri, message) => {
    const { key } = await strict.account();
    const body = JSON.stringify({ model, videoUri });
    expect(await answerOf(await post("/v1/video_upscale", body, { key, to: strict }))).toEqual(refused(videoIssue(message)));
  });

  test.each(["/silent", "/stalls"])("one that takes too long: %s", async (place) => {
    await using impatient = await startRunwayServer({ sourceTimeoutMs: 300 });
    const { key } = await impatient.account();
    const body = JSON.stringify({ model, videoUri: uriOf(place) });
    const answer = await answerOf(await post("/v1/video_upscale", body, { key, to: impatient }));
    expect(answer).toEqual(refused(videoIssue("Timeout while fetching asset.")));
    expect(await inputsIn(impatient)).toBe(0);
  });

  test("a host is asked by HEAD first, and not again when it refuses", async () => {
    const { id, key } = await server.account();
    for (const [place, methods] of [
      ["/headless", ["HEAD"]],
      ["/parameter", ["HEAD", "GET"]],
    ] as const) {
      sources.seen.length = 0;
      await post("/v1/video_upscale", JSON.stringify({ model, videoUri: uriOf(place) }), { key });
      expect(sources.seen.map(({ method }) => method)).toEqual(methods);
      for (const { userAgent } of sources.seen) expect(userAgent).toMatch(/^RunwayML API\//);
    }
    expect(await server.jobs.count(id)).toBe(1);
    await server.driver.workOnce();
  });

  test("a host that switches protocols does not keep its caller waiting", async () => {
    await using impatient = await startRunwayServer({ sourceTimeoutMs: 300 });
    const { key } = await impatient.account();
    const body = JSON.stringify({ model, videoUri: uriOf("/switches") });
    const answer = await answerOf(await post("/v1/video_upscale", body, { key, to: impatient }));
    expect(answer).toEqual(refused(videoIssue(expect.stringMatching(/Timeout|may be down/) as never)));
  });

  test("a link of this server's own that has expired", async () => {
    const { key } = await strict.account();
    const token = strict.parts.links.sign({ key: "results/a/out.mp4", purpose: "read", expiresAt: new Date(0) });
    const body = JSON.stringify({ model, videoUri: `${strict.base}/files/${token}/out.mp4` });
    expect(await answerOf(await post("/v1/video_upscale", body, { key, to: strict }))).toEqual(refused(videoIssue(code("404"))));
  });

  test("exactly 40 seconds are taken, and a type with parameters", async () => {
    const { key } = await server.account();
    for (const [place, credits] of [
      ["/longest.mp4", 80],
      ["/parameter", 2],
    ] as const) {
      const response = await post("/v1/video_upscale", JSON.stringify({ model, videoUri: uriOf(place) }), { key });
      expect(await answerOf(response)).toEqual([200, { id: expect.any(String), estimatedCost: { credits } }]);
      await server.driver.workOnce();
    }
  });
});

const missing = (field: string, received = "undefined") => ({
  expected: "string",
  code: "invalid_type",
  path: [field],
  message: `Invalid input: expected string, received ${received}`,
});
const wrongModel = {
  code: "invalid_value",
  values: ["upscale_v1"],
  path: ["model"],
  message: 'Invalid input: expected "upscale_v1"',
};
const wholeBody = (received: string) => ({
  expected: "object",
  code: "invalid_type",
  path: [],
  message: `Invalid input: expected object, received ${received}`,
});
const goodUri = "https://example.com/clip.mp4";

describe.each(mounts)("a body that is wrong, on the %s mount", (mount) => {
  const path = mount === "native" ? "/v1/video_upscale" : "/runwayml/v1/video_upscale";

  test.each([
    ["{}", refused(missing("model"), missing("videoUri"))],
    [JSON.stringify({ videoUri: goodUri }), refused(missing("model"))],
    [JSON.stringify({ model: 4, videoUri: goodUri }), refused(missing("model", "number"))],
    [JSON.stringify({ model: "gen4", videoUri: goodUri }), refused(wrongModel)],
    [JSON.stringify({ model, videoUri: null }), refused(missing("videoUri", "null"))],
    [JSON.stringify({ model: "x", videoUri: "y" }), refused(wrongModel, videoIssue("Invalid URL"))],
    ["[]", refused(wholeBody("array"))],
    ["null", refused(wholeBody("null"))],
    ["", [400, { error: "The request body is not valid JSON.", docUrl }]],
    ["{bad", [400, { error: "The request body is not valid JSON.", docUrl }]],
    ["a".repeat(17 * mebibyte), [413, { message: "Request Entity Too Large" }]],
  ])("%.60s", async (body, answer) => {
    const { id, key } = await server.account();
    expect(await answerOf(await post(path, body, { key }))).toEqual(answer);
    expect(await server.jobs.count(id)).toBe(0);
  });
});

test("a data URI of 16 MiB of text is read, and one character more is not", async () => {
  const { key } = await server.account();
  const uri = (length: number): string => "data:video/mp4;base64,".padEnd(length, "A");
  const answer = async (length: number) =>
    await answerOf(await post("/v1/video_upscale", JSON.stringify({ model, videoUri: uri(length) }), { key }));
  expect((await answer(16 * mebibyte - 2))[0]).toBe(400);
  expect(await answer(16 * mebibyte - 2)).toEqual(refused(videoIssue("Failed to fetch video metadata")));
  expect(await answer(16 * mebibyte + 1)).toEqual(refused(expect.objectContaining({ code: "too_big", maximum: 16_777_216 })));
});

describe.each(mounts)("who calls, what version and where, on the %s mount", (mount) => {
  const prefix = mount === "native" ? "/v1" : "/runwayml/v1";
  const noTask = { error: "Could not find Task", ...(mount === "gateway" && { code: "task_not_exist" }) };
  const version = { "x-runway-version": "2024-11-06" };

  test.each([
    ["no key", {}],
    ["a key that is nobody's", { authorization: "Bearer key_0123" }],
    ["no Bearer", { authorization: "key_0123" }],
    ["nothing after it", { authorization: "Bearer " }],
  ])("%s is refused before anything else is looked at", async (_name, headers) => {
    await server.account();
    for (const path of ["/video_upscale", "/uploads", "/organization/usage"]) {
      const response = await fetch(`${server.base}${prefix}${path}`, { method: "POST", headers, body: "{bad" });
      expect(await answerOf(response)).toEqual([401, { error: "Unauthorized", docUrl }]);
    }
  });

  test("a wrong version is refused before the path, the method and the body are looked at", async () => {
    const { key } = await server.account();
    const headers = { authorization: `Bearer ${key}`, "x-runway-version": "2024-09-13" };
    const error = "The API version that was provided in the X-Runway-Version header is not valid.";
    const paths = ["/video_upscale", "/tasks/x", ...(mount === "gateway" ? ["/nothing"] : [])];
    for (const path of paths) {
      const response = await fetch(`${server.base}${prefix}${path}`, { method: "PUT", headers, body: "{bad" });
      expect(await answerOf(response)).toEqual([400, { error, docUrl }]);
    }
  });

  test.each(["17f20503-6c24-4c16-946b-35dbbce2af2f", "x", "%00", "..%2f", "a".repeat(3000)])(
    "task %.20s is unknown",
    async (id) => {
      const { key } = await server.account();
      const headers = { authorization: `Bearer ${key}`, ...version };
      for (const method of ["GET", "DELETE"]) {
        expect(await answerOf(await fetch(`${server.base}${prefix}/tasks/${id}`, { method, headers }))).toEqual([404, noTask]);
      }
    },
  );

  test("another account's task is unknown, and so are its uploads", async () => {
    const [owner, other] = [await server.account(), await server.account()];
    const uploaded = await createClient(server.base, owner.key, { mount }).uploads.createEphemeral({
      file: new File([new Uint8Array(clip)], "a.mp4"),
    });
    const body = JSON.stringify({ model, videoUri: uploaded.uri });
    const { id } = (await (await post(`${prefix}/video_upscale`, body, { key: owner.key })).json()) as { id: string };
    const headers = { authorization: `Bearer ${other.key}`, ...version };
    for (const method of ["GET", "DELETE"]) {
      expect(await answerOf(await fetch(`${server.base}${prefix}/tasks/${id}`, { method, headers }))).toEqual([404, noTask]);
    }
    const stolen = await answerOf(await post(`${prefix}/video_upscale`, body, { key: other.key }));
    expect(stolen).toEqual(refused(videoIssue("The upload URI is not valid or has expired.")));
    await createClient(server.base, owner.key).tasks.delete(id);
  });

  test.each([
    ["GET", "/video_upscale", "POST"],
    ["DELETE", "/video_upscale", "POST"],
    ["POST", "/tasks/x", "GET, DELETE"],
    ["GET", "/uploads", "POST"],
    ["PATCH", "/organization", "GET"],
    ["GET", "/organization/usage", "POST"],
  ])("%s %s is not allowed", async (method, path, allowed) => {
    const { key } = await server.account();
    const response = await fetch(`${server.base}${prefix}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...version },
    });
    expect(response.headers.get("allow")).toBe(allowed);
    expect(await answerOf(response)).toEqual([405, { error: "Method not allowed" }]);
  });
});

test("paths that nobody knows are the gateway's below its mount, and not this dialect's below /v1", async () => {
  const { key } = await server.account();
  const headers = { authorization: `Bearer ${key}`, "x-runway-version": "2024-11-06" };
  for (const path of ["/runwayml/v1/nothing", "/runwayml/v1/", "/runwayml/v1/tasks", "/runwayml/v1/text_to_image"]) {
    expect(await answerOf(await fetch(`${server.base}${path}`, { headers }))).toEqual([404, { error: "Not found" }]);
  }
  for (const path of ["/v1", "/v1/", "/v1/nothing", "/v1/runwayml/videos/upscale", "/v1/runwayml/tasks/x"]) {
    expect(await (await fetch(`${server.base}${path}`, { headers })).json()).not.toEqual({ error: "Not found" });
  }
});

test.each([
  [new AppError("queue_full", "100 jobs are waiting."), 503],
  [new AppError("internal", "secret"), 500],
  [new Error("secret"), 500],
])("when the inside fails with %s the answer is %i, in the service's shape and without secrets", async (error, expected) => {
  const { key } = await server.account();
  breaks = error;
  const before = await inputsIn(server);
  const [answered, body] = await answerOf(
    await post("/v1/video_upscale", JSON.stringify({ model, videoUri: uriOf("/clip.mp4") }), { key }),
  );
  expect(answered).toBe(expected);
  expect(body).toEqual({ error: expect.not.stringContaining("secret") });
  expect(await inputsIn(server)).toBe(before);
});

test.each([
  [new AppError("rate_limited", "busy", { details: { retryAfterSeconds: 2 } }), 503, { error: expect.stringMatching(/./) }],
  [new AppError("internal", "secret"), 500, { error: "Internal server error" }],
  [
    new AppError("download_failed", "late", { details: { failure: "timeout" } }),
    400,
    refused(videoIssue("Timeout while fetching asset."))[1],
  ],
  [new AppError("no_video", "none"), 400, refused(videoIssue("Failed to fetch video metadata"))[1]],
])("when looking at the video fails with %s the answer is %i and nothing is kept", async (error, expected, body) => {
  const { id, key } = await server.account();
  breaksLooking = error;
  const before = await inputsIn(server);
  const response = await post("/v1/video_upscale", JSON.stringify({ model, videoUri: uriOf("/clip.mp4") }), { key });
  expect(response.headers.get("retry-after")).toBe(expected === 503 ? "2" : null);
  expect(await answerOf(response)).toEqual([expected, body]);
  expect(await inputsIn(server)).toBe(before);
  expect(await server.jobs.count(id)).toBe(0);
});

describe.each(clientVersions)("client %s", (version) => {
  test.each([
    ["/nothing", code("404")],
    ["/words.mp4", "Failed to fetch video metadata"],
    ["/wide.mp4", tooWide],
    ["/long.mp4", "Asset duration must be at most 40 seconds"],
  ])("throws a BadRequestError for %s", async (place, message) => {
    const { key } = await server.account();
    const failure = await failureOf(
      createClient(server.base, key, { version }).videoUpscale.create({ model, videoUri: uriOf(place) }),
    );
    expect(failure).toMatchObject({ name: "BadRequestError", status: 400, error: { issues: [{ message }] } });
    expect(failure.message).toContain("Validation of body failed");
  });

  test("throws what keys, versions and missing fields call for", async () => {
    const { key } = await server.account();
    const create = { model, videoUri: goodUri } as const;
    const wrongKey = createClient(server.base, `${key}x`, { version });
    expect(await failureOf(wrongKey.videoUpscale.create(create))).toMatchObject({ name: "AuthenticationError", status: 401 });
    const wrongVersion = createClient(server.base, key, { version, options: { runwayVersion: "2024-01-01" } });
    expect(await failureOf(wrongVersion.videoUpscale.create(create))).toMatchObject({ name: "BadRequestError" });
    const noVersion = createClient(server.base, key, { version, options: { defaultHeaders: { "X-Runway-Version": null } } });
    expect(await failureOf(noVersion.videoUpscale.create(create))).toMatchObject({
      name: "BadRequestError",
      error: { error: "The X-Runway-Version header is required.", docUrl },
    });
    const client = createClient(server.base, key, { version });
    expect(await failureOf(client.videoUpscale.create({} as never))).toMatchObject({ name: "BadRequestError" });
  });
});
