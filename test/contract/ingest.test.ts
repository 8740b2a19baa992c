import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { createIngest, type Ingest } from "../../src/ingest/ingest.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import type { ObjectStore } from "../../src/storage/object-store.ts";
import { createSignedLinks } from "../../src/storage/signed-links.ts";
import { temporaryFolder } from "../support/clips.ts";
import { filesIn } from "../support/files-in.ts";

const video = Buffer.concat([Buffer.from("\0\0\0\x18ftypisom"), Buffer.alloc(20_000, 1)]);
const links = createSignedLinks({ secret: Buffer.alloc(32, 1), clock: () => new Date() });
const ourUrls = "https://upres.example/files/";
const never = new AbortController().signal;

let folder = "";
let store: ObjectStore;
let ingest: Ingest;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = createDiskStore({ folder: join(folder, "store") });
  ingest = createIngest({
    store,
    fetchOptions: { allow: [], maxBytes: 1e6, timeoutMs: 10_000, maxRedirects: 2 },
    ownUrlToKey: ({ href }) => (href.startsWith(ourUrls) ? links.verify(href.slice(ourUrls.length), "read").key : undefined),
  });
});

/** In pieces smaller than any signature. */
async function* inPieces(bytes: Uint8Array, pieceBytes = 3): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

describe("an upload", () => {
  it("is stored whole under its true type and a safe name, whatever was declared", async () => {
    const declared = { contentType: "text/html", fileName: "../../my clip.html" };
    const stored = await ingest.storeUpload("inputs/1", inPieces(video), declared);
    expect(stored).toMatchObject({ contentType: "video/mp4", fileName: "my clip.html", sizeBytes: video.length });
    const { body } = await store.read("inputs/1");
    expect(Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>))).toEqual(video); // no encoding set
  });

  it.each([
    ["empty", "", "empty"],
    ["a web page", "<html>", "HTML"],
    ["JSON", "{}", "JSON"],
    ["text", "hello", "text"],
  ])("that is %s is refused and nothing stored", async (_name, text, words) => {
    const declared = { contentType: "video/mp4", fileName: "clip.mp4" };
    const refused = ingest.storeUpload("inputs/1", inPieces(Buffer.from(text)), declared);
    await expect(refused).rejects.toMatchObject({ code: "input_unreadable", message: expect.stringContaining(words) });
    expect(await filesIn(folder)).toEqual([]);
  });

  it("may be as large as the smaller of both limits", async () => {
    const put = (maxBytes: number, sizeBytes: number): Promise<unknown> => {
      const bytes = Buffer.concat([video.subarray(0, 12), Buffer.alloc(sizeBytes - 12)]);
      return ingest.storeUpload("inputs/1", inPieces(bytes, 4096), {}, { maxBytes });
    };
    await expect(put(9_999, 10_000)).rejects.toMatchObject({ code: "upload_too_large", details: { maxBytes: 9_999 } });
    await expect(put(2e6, 1e6 + 1)).rejects.toMatchObject({ code: "upload_too_large", details: { maxBytes: 1e6 } });
    expect(await filesIn(folder)).toEqual([]);
    expect(await put(10_000, 10_000)).toMatchObject({ sizeBytes: 10_000, fileName: "upload" });
  });

  it("that is refused closes where it comes from", async () => {
    let isClosed = false;
    async function* page(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.from("<html>".padEnd(1000));
      } finally {
        isClosed = true;
      }
    }
    await expect(ingest.storeUpload("inputs/1", page(), {})).rejects.toMatchObject({ code: "input_unreadable" });
    expect(isClosed).toBe(true);
  });
});

describe("a source in the store", () => {
  it("is copied to the file, by key or by a URL of our own, without a request", async () => {
    await ingest.storeUpload("inputs/1", inPieces(video), {});
    const token = links.sign({ key: "inputs/1", purpose: "read", expiresAt: new Date(Date.now() + 60_000) });
    const [byKey, byUrl] = [join(folder, "a", "input"), join(folder, "b", "input")];
    await ingest.fetchSource({ kind: "object", key: "inputs/1" }, byKey, never);
    await ingest.fetchSource({ kind: "url", url: ourUrls + token }, byUrl, never);
    expect(await readFile(byKey)).toEqual(video);
    expect(await readFile(byUrl)).toEqual(video);
  });

  it("that is gone, or whose link has expired, is not found", async () => {
    const expired = links.sign({ key: "inputs/1", purpose: "read", expiresAt: new Date(Date.now() - 1) });
    const gone = links.sign({ key: "inputs/1", purpose: "read", expiresAt: new Date(Date.now() + 60_000) });
    const path = join(folder, "input");
    for (const url of [ourUrls + expired, ourUrls + gone]) {
      await expect(ingest.fetchSource({ kind: "url", url }, path, never)).rejects.toMatchObject({ code: "object_not_found" });
    }
    await expect(ingest.fetchSource({ kind: "object", key: "inputs/1" }, path, never)).rejects.toMatchObject({
      code: "object_not_found",
    });
    expect(await filesIn(folder)).toEqual([]);
  });
});

it("says at once which range to allow is none", () => {
  const fetchOptions = { allow: ["loopback"], maxBytes: 1, timeoutMs: 1, maxRedirects: 0 };
  expect(() => createIngest({ store, fetchOptions })).toThrow('"loopback" is not a range of addresses');
});
