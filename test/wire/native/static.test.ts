import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLogger } from "../../../src/core/logger.ts";
import { createErrorHandler } from "../../../src/server/errors.ts";
import { pageRoutes } from "../../../src/server/page.ts";

// The page's own files, as a browser and as somebody with worse intentions asks for them.

const script = `console.log(${JSON.stringify("x".repeat(4000))})`;
let folder: string;
let app: FastifyInstance;
let port: number;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upres-static-"));
  app = fastify();
  app.setErrorHandler(createErrorHandler(silentLogger));
  await app.register(pageRoutes(join(folder, "dist")));
  port = Number(new URL(await app.listen({ host: "127.0.0.1", port: 0 })).port);
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

type Answer = { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: Buffer };

/** Sends a path as it is written, which fetch would tidy up. */
function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, headers, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

test("a page that was not built says how to build it", async () => {
  const { status, body } = await get("/");
  expect([status, body.toString()]).toEqual([200, expect.stringContaining("npm run build:web")]);
  expect((await get("/assets/index-abcdefgh.js")).status).toBe(404);
});

test("a built page comes with the right types, caching and nothing of other hosts, and anew once it was built again", async () => {
  const dist = join(folder, "dist");
  await mkdir(join(dist, "assets"), { recursive: true });
  await writeFile(join(dist, "assets", "index-Ab3_-9xZ.js"), script);
  await writeFile(join(dist, "favicon.svg"), "<svg/>");
  await writeFile(join(dist, "assets", "secret.key"), "secret");
  await writeFile(join(folder, "outside.txt"), "outside");
  await writeFile(join(dist, "index.html"), "<!doctype html><p>one</p>");
  const page = await get("/");
  expect([page.status, page.body.toString()]).toEqual([200, "<!doctype html><p>one</p>"]);
  expect(page.headers).toMatchObject({ "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" });
  const policy = String(page.headers["content-security-policy"]);
  expect(policy).toMatch(/^default-src 'none';/);
  expect(policy).not.toMatch(/https?:|unsafe|\*/);
  const asset = await get("/assets/index-Ab3_-9xZ.js");
  expect(asset.headers).toMatchObject({
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "public, max-age=31536000, immutable",
  });
  expect(asset.body.toString()).toBe(script);
  const packed = await get("/assets/index-Ab3_-9xZ.js", { "accept-encoding": "gzip, br" });
  expect(packed.headers["content-encoding"]).toBe("br");
  expect(brotliDecompressSync(packed.body).toString()).toBe(script);
  const zipped = await get("/assets/index-Ab3_-9xZ.js", { "accept-encoding": "gzip" });
  expect(gunzipSync(zipped.body).toString()).toBe(script);
  expect((await get("/", { "if-none-match": String(page.headers["etag"]) })).status).toBe(304);
  expect((await get("/favicon.svg", {}, "HEAD")).headers).toMatchObject({
    "content-type": "image/svg+xml",
    "content-length": "6",
  });

  await writeFile(join(dist, "index.html"), "<!doctype html><p>two</p>");
  expect((await get("/")).body.toString()).toContain("two");
});

test.each([
  "/../outside.txt",
  "/assets/../../outside.txt",
  "/assets/..%2f..%2foutside.txt",
  "/%2e%2e/outside.txt",
  "/assets/%2e%2e%5c%2e%2e%5coutside.txt",
  "/assets/secret.key",
  "/assets/",
  "/assets/%",
  "/nothing.js",
  "//outside.txt",
])("%s is not there", async (path) => {
  const { status, body } = await get(path);
  expect([400, 404]).toContain(status);
  expect(body.toString()).not.toMatch(/outside\b(?!\.txt)|^secret/);
});
