import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { startUseapiServer, type UseapiServer } from "../../support/useapi-server.ts";

let server: UseapiServer;
beforeAll(async () => {
  server = await startUseapiServer();
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const id = "user:1-runwayml:me@upres.local-asset:17f20503-6c24-4c16-946b-35dbbce2af2f";
const words = fc.oneof(
  fc.constantFrom(id, id.replace("asset", "task"), "..", "%2e%2e", "me@upres.local", "%00", "a%2Fb", "__proto__", ""),
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => encodeURIComponent(text.toWellFormed())),
);
const paths = fc.tuple(
  fc.constantFrom("videos/upscale", "gen4/upscale", "tasks", "scheduler", "assets", "features", "accounts", "nothing"),
  fc.option(words),
  fc.dictionary(fc.constantFrom("offset", "limit", "name", "email", "statuses", "mediaType", "taskId"), words, { maxKeys: 4 }),
);
const values = fc.oneof(fc.constantFrom(id, "true", true, 5, "5", null, "\u0000", "\ud800", "https://a.b/c"), fc.jsonValue());
const names = fc.constantFrom("videoAssetId", "assetId", "exploreMode", "replyUrl", "replyRef", "maxJobs", "email", "__proto__");
const bodies = fc.oneof(
  fc.dictionary(names, values).map((body) => JSON.stringify(body)),
  fc.json(),
  fc.string({ unit: "binary" }),
  fc.dictionary(names, fc.string()).map((fields) =>
    Object.entries(fields)
      .map(([name, value]) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .concat("--b--\r\n")
      .join(""),
  ),
);
const types = fc.constantFrom(
  "application/json",
  "multipart/form-data; boundary=b",
  "multipart/form-data",
  "video/mp4",
  "text/plain",
  "nonsense",
  "",
);
const methods = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS");

const ErrorBody = z.looseObject({ error: z.string().min(1), code: z.int().optional() });

test("whatever is sent is answered in the dialect's words, and no job comes of it", { timeout: 240_000 }, async () => {
  const refusals = new Set<number>();
  await fc.assert(
    fc.asyncProperty(methods, paths, bodies, types, async (method, [path, item, query], body, type) => {
      const search = new URLSearchParams(query).toString();
      const url = `/v1/runwayml/${path}${item === null ? "" : `/${item}`}?${search}`;
      const reply = await server.app.inject({
        method: method as "GET", // one of those that inject knows
        url,
        headers: { ...(type !== "" && { "content-type": type }) },
        ...(method !== "GET" && method !== "HEAD" && { payload: Buffer.from(body) }),
      });
      refusals.add(reply.statusCode);
      expect(reply.statusCode, `${method} ${url}: ${reply.body}`).toBeLessThan(500);
      if (reply.statusCode >= 400 && method !== "HEAD") {
        const { code } = ErrorBody.parse(reply.json());
        expect(code).toBe(reply.statusCode);
      }
    }),
    { numRuns: 400 },
  );
  expect(await server.jobs.count("local")).toBe(0);
  expect([...refusals]).toEqual(expect.arrayContaining([400, 404, 405]));
});
