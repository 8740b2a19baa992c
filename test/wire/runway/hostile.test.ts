import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunwayServer, startRunwayServer } from "../../support/runway-server.ts";

let server: RunwayServer;
let account: { readonly id: string; readonly key: string };
beforeAll(async () => {
  server = await startRunwayServer({ sourceTimeoutMs: 5_000 });
  account = await server.account();
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const paths = [
  "/video_upscale",
  "/tasks/x",
  "/tasks/17f20503-6c24-4c16-946b-35dbbce2af2f",
  "/uploads",
  "/organization",
  "/organization/usage",
].flatMap((path) => [`/v1${path}`, `/runwayml/v1${path}`]);
const places = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(...paths, "/runwayml/v1/nothing", "/runway-uploads/17f20503-6c24-4c16-946b-35dbbce2af2f"),
  },
  { weight: 1, arbitrary: fc.webPath().map((path) => `/runwayml/v1${path}`) },
);
const uris = fc.oneof(
  fc.constantFrom(
    "http://127.0.0.1:1/a.mp4",
    "https://10.1.2.3/a.mp4",
    "data:video/mp4;base64,AAAA",
    "runway://abcdefgh",
    "https:///",
  ),
  fc.string({ unit: "binary" }),
);
const bodies = fc.oneof(
  uris.map((videoUri) => JSON.stringify({ model: "upscale_v1", videoUri })),
  fc
    .dictionary(fc.constantFrom("model", "videoUri", "filename", "type", "startDate", "beforeDate"), fc.jsonValue())
    .map((body) => JSON.stringify(body)),
  fc.string({ unit: "binary" }),
  fc.constant(
    '--b\r\ncontent-disposition: form-data; name="token"\r\n\r\nx\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--b--\r\n',
  ),
);
const requests = fc.record({
  method: fc.constantFrom("GET", "POST", "POST", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"),
  url: places,
  payload: bodies,
  contentType: fc.constantFrom("application/json", "text/plain", "multipart/form-data; boundary=b", "multipart/form-data", "x"),
  version: fc.constantFrom("2024-11-06", "2024-11-06", "2024-11-06", undefined, "x"),
  retries: fc.constantFrom(undefined, "0", "1", "-1", "x", "1e9"),
  hasKey: fc.boolean(),
});

test("whatever is sent, the answer is JSON in the service's shape, without a fault of the server, and makes no task", async () => {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  process.on("unhandledRejection", onRejection);
  const answers = new Map<number, number>();
  try {
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, url, payload, contentType, version, retries, hasKey }) => {
        const response = await server.app.inject({
          method: method as "GET",
          url,
          ...(method !== "GET" && method !== "HEAD" && { payload }),
          headers: {
            "content-type": contentType,
            ...(version !== undefined && { "x-runway-version": version }),
            ...(retries !== undefined && { "x-stainless-retry-count": retries }),
            ...(hasKey && { authorization: `Bearer ${account.key}` }),
          },
        });
        answers.set(response.statusCode, (answers.get(response.statusCode) ?? 0) + 1);
        expect(response.statusCode).toBeLessThan(500);
        expect(response.headers["content-type"]).toMatch(/^application\/json\b/);
        if (response.statusCode !== 200 && method !== "HEAD") {
          expect(response.json()).toMatchObject({ error: expect.stringMatching(/./) });
        }
      }),
      { numRuns: 300 },
    );
  } finally {
    process.off("unhandledRejection", onRejection);
  }
  expect(rejections).toEqual([]);
  expect(await server.jobs.count(account.id)).toBe(0);
  expect(await Array.fromAsync(server.store.list(""))).toEqual([]);
  // The cases reached what lies behind each of the doors.
  for (const expected of [400, 401, 404, 405]) expect(answers.get(expected)).toBeGreaterThan(0);
});
