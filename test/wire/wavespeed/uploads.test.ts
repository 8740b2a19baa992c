import { connect } from "node:net";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ManualClock } from "../../support/manual-clock.ts";
import { makeFolder, writeStillClip } from "../../support/wavespeed-clip.ts";
import { model, startWavespeedServer, type WavespeedServer } from "../../support/wavespeed-server.ts";

let server: WavespeedServer;
let clip: Buffer<ArrayBuffer>;

beforeAll(async () => {
  server = await startWavespeedServer();
  await using folder = await makeFolder();
  const path = join(folder.path, "clip.mp4");
  await writeStillClip(path, { durationSeconds: 12 });
  clip = Buffer.from(await readFile(path));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

type Ticket = {
  readonly download_url: string;
  readonly upload: { readonly url: string; readonly headers: Record<string, string> };
};

async function ticketFor(size: number, fields: object = { filename: "clip.mp4", content_type: "video/mp4" }): Promise<Ticket> {
  const { body } = await server.call("POST", "/api/v3/media/uploads", { body: { ...fields, size } });
  expect(body).toMatchObject({ code: 200, message: "success" });
  return body.data as Ticket;
}

async function put(
  url: string,
  body: NonNullable<RequestInit["body"]>,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const reply = await fetch(url, { method: "PUT", body, headers });
  return { status: reply.status, body: await reply.json() };
}

function form(bytes: Uint8Array<ArrayBuffer>, name = "file", fileName = "clip.mp4"): FormData {
  const data = new FormData();
  data.append("note", "before");
  data.append(name, new Blob([bytes]), fileName);
  return data;
}

async function post(
  path: string,
  body: NonNullable<RequestInit["body"]>,
  to = server,
): Promise<{ status: number; body: { code: number; message: string; data: Record<string, unknown> } }> {
  const headers = { authorization: `Bearer ${await to.newKey()}` };
  const reply = await fetch(`${to.base}${path}`, { method: "POST", body, headers });
  return { status: reply.status, body: (await reply.json()) as never }; // checked by each test
}

async function storedKeys(of = server): Promise<readonly string[]> {
  return (await Array.fromAsync(of.store.list("media/"))).map(({ key }) => key);
}

test("a ticket says where the file goes and where it will be", async () => {
  const { body } = await server.call("POST", "/api/v3/media/uploads", {
    body: { filename: "clip.mp4", size: 58_056, content_type: "video/mp4" },
  });
  expect(body).toEqual({
    code: 200,
    message: "success",
    data: {
      type: "video",
      download_url: expect.stringMatching(new RegExp(`^${server.base}/files/[^/]+/clip\\.mp4$`)),
      filename: "clip.mp4",
      size: 58_056,
      upload: {
        method: "PUT",
        url: expect.stringMatching(new RegExp(`^${server.base}/`)),
        headers: { "Content-Type": "video/mp4" },
      },
    },
  });
});

test("a name without a known type gets a neutral one, and no name leads anywhere else", async () => {
  const plain = await ticketFor(10, { filename: "../../etc/clip ü?#.xyz" });
  expect(plain).toMatchObject({
    type: "file",
    filename: "clip ü?#.xyz",
    upload: { headers: { "Content-Type": "application/octet-stream" } },
  });
  expect(new URL(plain.download_url).pathname).toMatch(/\/files\/[^/]+\/clip%20%C3%BC%3F%23\.xyz$/);
});

test.each([
  [{ size: 5 }, 400, 'property "filename" is missing'],
  [{ filename: "", size: 5 }, 400, 'property "filename" must be a non-empty string'],
  [{ filename: "a.mp4" }, 400, 'property "size" is missing'],
  [{ filename: "a.mp4", size: 0 }, 400, 'property "size" must be a positive integer'],
  [{ filename: "a.mp4", size: 1.5 }, 400, 'property "size" must be a positive integer'],
  [{ filename: "a.mp4", size: 5, content_type: "x\r\ny: z" }, 400, 'property "content_type" must be a media type'],
  [{ filename: "a.mp4", size: 200 * 1024 ** 2 + 1 }, 413, "file too large"],
  [[], 400, "invalid request body"],
])("the ticket %j is refused", async (body, code, message) => {
  expect((await server.call("POST", "/api/v3/media/uploads", { body })).body).toEqual({ code, message });
});

test("a file of exactly 200 MiB may be announced", async () => {
  expect(await ticketFor(200 * 1024 ** 2)).toMatchObject({ size: 209_715_200 });
});

test("a file longer or shorter than announced is refused, and nothing is kept of it", async () => {
  const before = await storedKeys();
  const wrong = { status: 400, body: { code: 400, message: "file size does not match the announced size" } };
  const { upload } = await ticketFor(clip.length - 1);
  expect(await put(upload.url, clip)).toEqual(wrong);
  const chunked = async (bytes: Uint8Array): Promise<unknown> => {
    const body = new Blob([new Uint8Array(bytes)]).stream();
    const reply = await fetch(upload.url, { method: "PUT", body, duplex: "half" } as RequestInit);
    return { status: reply.status, body: await reply.json() };
  };
  expect(await chunked(clip)).toEqual(wrong);
  expect(await chunked(clip.subarray(0, clip.length - 2))).toEqual(wrong);
  expect(await storedKeys()).toEqual(before);
  expect(await chunked(clip.subarray(0, clip.length - 1))).toMatchObject({ status: 200 });
});

test("a ticket takes media only, once, and only as long as it is right", async () => {
  const words = Buffer.from("these are only words");
  const { upload } = await ticketFor(words.length);
  expect(await put(upload.url, words)).toEqual({ status: 400, body: { code: 400, message: "file is not a media file" } });
  const good = await ticketFor(clip.length);
  expect(await put(good.upload.url, clip)).toMatchObject({ status: 200, body: { code: 200 } });
  expect(await put(good.upload.url, clip)).toEqual({ status: 409, body: { code: 409, message: "file already uploaded" } });
  expect(await put(`${good.upload.url}x`, clip)).toEqual({ status: 401, body: { code: 401, message: "Unauthorized" } });
  const readToken = new URL(good.download_url).pathname.split("/")[2] ?? "";
  expect(await put(`${server.base}/api/v3/media/uploads/${readToken}`, clip)).toMatchObject({ status: 401 });
});

test("uploads are kept for seven days, and go when others come, unless a job still waits for them", async () => {
  const clock = new ManualClock();
  await using timed = await startWavespeedServer({ clock });
  const used = (await post("/api/v3/media/upload/binary", form(clip), timed)).body.data;
  const unused = (await post("/api/v3/media/upload/binary", form(clip), timed)).body.data;
  const head = async (url: unknown): Promise<number> => (await fetch(String(url), { method: "HEAD" })).status;
  clock.advance(7 * 86_400_000 - 1000);
  expect([await head(used["download_url"]), await head(unused["download_url"])]).toEqual([200, 200]);
  // Files lie by account: the job has to be the uploader's.
  const [row] = await timed.database.query<{ account_id: string }>("select account_id from wavespeed_media where key = $1", [
    timed.parts.ownUrlToKey(new URL(String(used["download_url"]))),
  ]);
  const key = (await timed.accounts.createKey({ name: "same", accountId: row?.account_id ?? "" })).credential;
  await timed.call("POST", `/api/v3/${model}`, { key, body: { video: used["download_url"] } });
  clock.advance(2000);
  expect([await head(used["download_url"]), await head(unused["download_url"])]).toEqual([404, 404]);
  await timed.call("POST", "/api/v3/media/uploads", { key, body: { filename: "a.mp4", size: 1 } });
  expect(await storedKeys(timed)).toHaveLength(1);
  await timed.clear();
  await timed.call("POST", "/api/v3/media/uploads", { key, body: { filename: "a.mp4", size: 1 } });
  expect(await storedKeys(timed)).toEqual([]);
});

test.each(["/api/v3/media/upload/binary", "/api/v2/media/upload/binary", "/api/v3/upload"])(
  "a form goes up at %s",
  async (path) => {
    const { status, body } = await post(path, form(clip));
    const url = expect.stringMatching(new RegExp(`^${server.base}/files/[^/]+/clip\\.mp4$`));
    expect(status).toBe(200);
    expect(body).toEqual({
      code: 200,
      message: "success",
      data: {
        type: "video",
        download_url: url,
        filename: "clip.mp4",
        size: clip.length,
        ...(path.endsWith("/upload") && { url }),
      },
    });
    const reply = await fetch(String(body.data["download_url"]));
    expect(Buffer.from(await reply.arrayBuffer())).toEqual(clip);
  },
);

test("a form without the file, no form, and a file that is no media are refused", async () => {
  const path = "/api/v3/media/upload/binary";
  const missing = { code: 400, message: 'property "file" is missing' };
  expect((await post(path, form(clip, "video"))).body).toEqual(missing);
  const text = new FormData();
  text.append("file", "a text");
  expect((await post(path, text)).body).toEqual(missing);
  expect((await post(path, clip)).body).toEqual(missing);
  expect((await post(path, form(Buffer.from("{}")))).body).toEqual({ code: 400, message: "file is not a media file" });
  expect((await post(path, form(Buffer.alloc(0)))).body).toEqual({ code: 400, message: "file is not a media file" });
});

test("a file over the limit is refused, and nothing is kept of it", async () => {
  await using small = await startWavespeedServer({ parts: { maxUploadBytes: 1000 } });
  const large = Buffer.concat([clip, Buffer.alloc(3_000_000)]);
  for (const path of ["/api/v3/media/upload/binary", "/api/v2/media/upload/binary", "/api/v3/upload"]) {
    const { status, body } = await post(path, form(large), small);
    expect(status).toBe(413);
    expect(body).toEqual({ code: 413, message: "file too large" });
  }
  expect(await storedKeys(small)).toEqual([]);
});

test.each([
  ["without a boundary", "multipart/form-data", "x"],
  [
    "cut off amid the file",
    "multipart/form-data; boundary=b",
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n\0\0\0\x18ftypmp42',
  ],
  [
    "of fields without end",
    "multipart/form-data; boundary=b",
    `${'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n'.repeat(500)}--b--`,
  ],
  [
    "whose field would change objects",
    "multipart/form-data; boundary=b",
    '--b\r\nContent-Disposition: form-data; name="__proto__"\r\n\r\ny\r\n--b--',
  ],
])("a form %s is refused", async (_what, type, body) => {
  const reply = await server.call("POST", "/api/v3/media/upload/binary", { body, headers: { "content-type": type } });
  expect(reply.body).toEqual({ code: 400, message: "invalid request body" });
});

test("a caller who leaves amid a file leaves nothing behind", async () => {
  const before = await storedKeys();
  const { upload } = await ticketFor(1_000_000);
  const { pathname, port, host } = new URL(upload.url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.write(`PUT ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000000\r\n\r\n`);
  socket.write(clip);
  const seen = server.seen.length;
  await expect.poll(() => server.seen.length, { timeout: 20_000 }).toBeGreaterThan(seen - 1);
  socket.destroy();
  await once(socket, "close");
  expect(await storedKeys()).toEqual(before);
  expect((await server.call("GET", "/api/v3/balance")).status).toBe(200);
});

test("a part of bytes without a name is a file", async () => {
  const head = 'Content-Disposition: form-data; name="file"\r\nContent-Type: application/octet-stream';
  const body = Buffer.concat([Buffer.from(`--cut\r\n${head}\r\n\r\n`), clip, Buffer.from("\r\n--cut--\r\n")]);
  const reply = await fetch(`${server.base}/api/v3/media/upload/binary`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await server.newKey()}`,
      "content-type": "multipart/form-data; boundary=cut",
    },
    body,
  });
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({ data: { type: "video", size: clip.length } });
});
