import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { model, startWavespeedServer, type WavespeedServer } from "../../support/wavespeed-server.ts";

let server: WavespeedServer;
let key: string;
beforeAll(async () => {
  server = await startWavespeedServer({ settings: { syncSeconds: 0.05 } });
  key = await server.newKey();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function jobCount(): Promise<number> {
  const [row] = await server.database.query<{ count: bigint }>("select count(*) as count from jobs");
  return Number(row?.count);
}

const paths = [
  `v3/${model}`,
  "v3/predictions",
  "v3/predictions/delete",
  "v3/predictions/b1946ac92492d2347c6235b4d2611184/result",
  "v3/media/uploads",
  "v3/media/uploads/token",
  "v3/media/upload/binary",
  "v2/media/upload/binary",
  "v3/upload",
  "v3/balance",
  "v3/models",
  "v3/model/price",
  "v3/model/pricing",
  "v3/webhook/secret",
];
const path = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...paths) },
  { weight: 1, arbitrary: fc.webPath().map((text) => `v3${text}`) },
);
const query = fc.oneof(
  fc.constant(""),
  fc.webQueryParameters(),
  fc.webUrl().map((url) => `webhook=${encodeURIComponent(url)}`),
);
const method = fc.oneof(
  { weight: 4, arbitrary: fc.constant("POST" as const) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("GET" as const, "PUT" as const, "DELETE" as const, "PATCH" as const, "OPTIONS" as const),
  },
);
const value = fc.oneof(
  fc.webUrl(),
  fc.string({ unit: "binary" }),
  fc.jsonValue(),
  fc.boolean(),
  fc.double(),
  fc.constant("2026-01-01T00:00:00Z"),
);
const names = [
  "video enable_sync_mode webhook_url page page_size created_after created_before include_inputs model status ids model_id inputs",
  "filename size content_type __proto__ constructor",
].flatMap((line) => line.split(" "));
const body = fc.oneof(
  fc.dictionary(fc.constantFrom(...names), value).map((object) => JSON.stringify(object)),
  fc.record({ video: fc.webUrl(), enable_sync_mode: fc.boolean(), webhook_url: value }).map((object) => JSON.stringify(object)),
  fc.json(),
  fc.string({ unit: "binary" }),
);
const type = fc.constantFrom(
  "application/json",
  "text/plain",
  "multipart/form-data; boundary=b",
  "multipart/form-data",
  "nonsense",
  'a/b; c="',
);
const authorization = fc.oneof(
  { weight: 9, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme-ascii" }) },
);

test(
  "whatever comes is answered in the envelope, never as the server's fault, and only a good submit makes a job",
  { timeout: 240_000 },
  async () => {
    const faults: unknown[] = [];
    const note = (reason: unknown): void => void faults.push(reason);
    process.on("unhandledRejection", note);
    const statuses = new Map<number, number>();
    try {
      await fc.assert(
        fc.asyncProperty(
          method,
          path,
          query,
          body,
          type,
          authorization,
          async (verb, where, search, payload, contentType, credential) => {
            const before = await jobCount();
            const reply = await server.app.inject({
              method: verb,
              url: `/api/${where}?${search}`,
              headers: { authorization: credential ?? `Bearer ${key}`, "content-type": contentType },
              ...(verb !== "GET" && { payload }),
            });
            const { code, message, data } = reply.json<{ code: number; message: string; data?: { id?: string } }>();
            statuses.set(reply.statusCode, (statuses.get(reply.statusCode) ?? 0) + 1);
            expect(reply.headers["content-type"]).toContain("application/json");
            expect(code).toBe(reply.statusCode);
            expect(message).toEqual(expect.any(String));
            expect([200, 400, 401, 404, 405, 413]).toContain(code);
            const isSubmitted = verb === "POST" && where === `v3/${model}` && code === 200;
            expect(await jobCount()).toBe(before + (isSubmitted ? 1 : 0));
            if (isSubmitted) expect(data?.id).toMatch(/^[0-9a-f]{32}$/);
          },
        ),
        { numRuns: 400 },
      );
    } finally {
      process.off("unhandledRejection", note);
    }
    expect(faults).toEqual([]);
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 401, 404, 405]));
  },
);
