import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../support/fal-client.ts";
import { type FalServer, startFalServer } from "../../support/fal-server.ts";

let server: FalServer;
beforeAll(async () => {
  server = await startFalServer({ limits: { maxUploadBytes: 100 * 1024 ** 2 } });
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const auth = { authorization: "Key alice:secret" };

type CdnToken = { token: string; token_type: string; base_url: string; expires_at: string };

async function cdnToken(): Promise<CdnToken> {
  const response = await fetch(`${server.base}/fal/rest/storage/auth/token?storage_type=fal-cdn-v3`, {
    method: "POST",
    headers: auth,
    body: "{}",
  });
  expect(response.status).toBe(200);
  return (await response.json()) as CdnToken; // each field is checked where it is used
}

describe("the published client", () => {
  test("uploads a small file, whose bytes come back", async () => {
    const bytes = randomBytes(100_000);
    const url = await createClient(server.base).storage.upload(new File([bytes], "my clip (1).mp4", { type: "video/mp4" }), {
      lifecycle: { expiresIn: "1h" },
    });
    expect(url).toMatch(/\/my_clip_1_\.mp4$/);
    const file = await fetch(url);
    expect(file.headers.get("content-type")).toBe("video/mp4");
    expect(file.headers.get("access-control-allow-origin")).not.toBe("");
    expect(Buffer.from(await file.arrayBuffer()).equals(bytes)).toBe(true);
    const part = await fetch(url, { headers: { range: "bytes=10-19" } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
  });

  test("uploads 95 MiB in ten parts, whose bytes come back", async () => {
    const bytes = Buffer.alloc(95 * 1024 ** 2, randomBytes(1_000_003));
    server.seen.length = 0;
    const url = await createClient(server.base, { way: "proxy" }).storage.upload(new Blob([bytes], { type: "video/quicktime" }));
    expect(server.seen.filter(({ line }) => line.startsWith("PUT"))).toHaveLength(10);
    expect(url).toMatch(/\/\d+\.quicktime$/);
    const file = await fetch(url);
    expect(Buffer.from(await file.arrayBuffer()).equals(bytes)).toBe(true);
    const left = await Array.fromAsync(server.store.list("uploads/fal/"), ({ key }) => key);
    expect(left.filter((key) => key.includes(".parts/"))).toEqual([]);
  });
});

describe("direct uploads with a token", () => {
  test("take a whole file", async () => {
    const { token, token_type: type, base_url: base, expires_at: expires } = await cdnToken();
    expect(type).toBe("Bearer");
    expect(base).toBe(`${server.base}/fal/cdn`);
    expect(expires).toMatch(/\+00:00$/);
    const response = await fetch(`${base}/files/upload`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "x-fal-file-name": "a.mp4", "content-type": "video/mp4" },
      body: "the bytes",
    });
    const { access_url: url } = (await response.json()) as { access_url: string }; // read right below
    expect(await (await fetch(url)).text()).toBe("the bytes");
  });

  test("put parts together by their numbers, in whatever order they and their list come", async () => {
    const { token, base_url: base } = await cdnToken();
    const headers = { authorization: `Bearer ${token}`, "x-fal-file-name": "b.mp4", "content-type": "video/mp4" };
    const begun = await fetch(`${base}/files/upload/multipart`, { method: "POST", headers });
    const { access_url: url, uploadId } = (await begun.json()) as { access_url: string; uploadId: string }; // used right below
    const put = async (number: number, body: string): Promise<string> => {
      const response = await fetch(`${url}/multipart/${uploadId}/${number}`, { method: "PUT", headers, body });
      expect(response.status).toBe(200);
      const etag = response.headers.get("etag") ?? "";
      expect(await response.json()).toEqual({ partNumber: number, etag });
      return etag;
    };
    const parts = [
      { partNumber: 3, etag: await put(3, "three") },
      { partNumber: 1, etag: await put(1, "one") },
      { partNumber: 2, etag: await put(2, "two") },
    ];
    const complete = (body: unknown): Promise<Response> =>
      fetch(`${url}/multipart/${uploadId}/complete`, { method: "POST", headers, body: JSON.stringify(body) });
    const gap = await complete({ parts: [parts[0], parts[1]] });
    expect(gap.status).toBe(400);
    const wrong = await complete({ parts: parts.map((part) => ({ ...part, etag: "no" })) });
    expect(wrong.status).toBe(400);
    expect((await complete({ parts })).status).toBe(200);
    expect(await (await fetch(url)).text()).toBe("onetwothree");
  });

  test("refuse an empty part", async () => {
    const { token, base_url: base } = await cdnToken();
    const headers = { authorization: `Bearer ${token}` };
    const begun = await fetch(`${base}/files/upload/multipart`, { method: "POST", headers });
    const { access_url: url, uploadId } = (await begun.json()) as { access_url: string; uploadId: string }; // used right below
    const response = await fetch(`${url}/multipart/${uploadId}/2`, { method: "PUT", headers, body: "" });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ detail: "Empty part" });
  });

  test.each(["files/upload", "files/upload/multipart"])("are refused at %s without a good token", async (path) => {
    for (const authorization of ["Bearer nonsense", "Key alice:secret"]) {
      const response = await fetch(`${server.base}/fal/cdn/${path}`, { method: "POST", headers: { authorization } });
      expect(response.status).toBe(403);
    }
  });
});

test("an upload that the fallback store would take with a key is taken, and the reply says nothing", async () => {
  const initiated = await fetch(`${server.base}/fal/rest/storage/upload/initiate?storage_type=gcs`, {
    method: "POST",
    headers: auth,
    body: JSON.stringify({ content_type: "video/mp4", file_name: "c.mp4" }),
  });
  const { upload_url: upload, file_url: file } = (await initiated.json()) as { upload_url: string; file_url: string }; // used right below
  expect((await fetch(file)).status).toBe(404);
  const put = await fetch(upload, { method: "PUT", headers: { ...auth, "content-type": "text/html" }, body: "<script>" });
  expect(put.status).toBe(200);
  expect(put.headers.get("content-type")).toBeNull();
  expect(await put.text()).toBe("");
  expect((await fetch(file)).headers.get("content-type")).toBe("video/mp4");
});

test("an upload over the limit is refused and leaves nothing", async () => {
  const initiated = await fetch(`${server.base}/fal/rest/storage/upload/initiate`, { method: "POST", headers: auth, body: "{}" });
  const { upload_url: upload } = (await initiated.json()) as { upload_url: string }; // used right below
  const before = await Array.fromAsync(server.store.list("uploads/"));
  const put = await fetch(upload, { method: "PUT", body: Buffer.alloc(101 * 1024 ** 2) }).catch(() => undefined);
  // The server may answer and close before everything was sent; then there is no answer to read.
  if (put !== undefined) expect(put.status).toBe(413);
  expect(await Array.fromAsync(server.store.list("uploads/"))).toHaveLength(before.length);
});

test("an upload token that is not ours is refused", async () => {
  const response = await fetch(`${server.base}/fal/cdn/uploads/nonsense`, { method: "PUT", body: "x" });
  expect(response.status).toBe(403);
});
