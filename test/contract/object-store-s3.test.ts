import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ObjectStore } from "../../src/storage/object-store.ts";
import { createS3Store } from "../../src/storage/s3-store.ts";
import { temporaryFolder } from "../support/clips.ts";
import { type S3StandIn, startS3StandIn } from "../support/s3-stand-in.ts";

const mp4 = { contentType: "video/mp4", fileName: "clip.mp4" };
const mebibyte = 1024 ** 2;

function storeAt(endpoint: string, prefix = ""): ObjectStore {
  const credentials = { accessKeyId: "key", secretAccessKey: "secret" };
  return createS3Store({ bucket: "films", prefix, region: "us-east-1", endpoint, credentials, forcePathStyle: true });
}

async function scene(): Promise<{ standIn: S3StandIn; store: ObjectStore }> {
  const standIn = await startS3StandIn(join(await temporaryFolder(), "s3"));
  onTestFinished(() => standIn[Symbol.asyncDispose]());
  return { standIn, store: storeAt(standIn.endpoint) };
}

async function* zeros(mebibytes: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < mebibytes; i += 1) yield Buffer.alloc(mebibyte);
}

describe("the S3 store", () => {
  it("keeps to its prefix of the bucket", async () => {
    const { standIn } = await scene();
    const [ours, theirs] = [storeAt(standIn.endpoint, "a/"), storeAt(standIn.endpoint, "b/")];
    await ours.put("inputs/1", zeros(1), mp4);
    expect(standIn.keys()).toEqual(["films/a/inputs/1"]);
    expect(await theirs.head("inputs/1")).toBeUndefined();
    expect(await Array.fromAsync(theirs.list(""))).toEqual([]);
    await theirs.delete("inputs/1");
    expect((await Array.fromAsync(ours.list(""))).map(({ key }) => key)).toEqual(["inputs/1"]);
  });

  it("tries again when the service fails once, with the whole of the body", async () => {
    const { standIn, store } = await scene();
    for (const method of ["PUT", "POST", "HEAD", "GET", "DELETE"]) {
      let isFirst = true;
      standIn.sabotage = (asked) => {
        if (asked !== method || !isFirst) return undefined;
        isFirst = false;
        return 503;
      };
      expect(await store.put("a", zeros(20), mp4)).toMatchObject({ sizeBytes: 20 * mebibyte });
      const { body } = await store.read("a");
      expect((await body.toArray()).reduce((sum: number, chunk: Buffer) => sum + chunk.length, 0)).toBe(20 * mebibyte);
      await store.delete("a");
      expect([isFirst, standIn.keys(), standIn.openUploads()]).toEqual([false, [], 0]);
    }
  });

  it("says so when the service keeps failing, stops reading the body, and leaves no open upload", async () => {
    const { standIn, store } = await scene();
    await store.put("a", zeros(1), mp4);
    standIn.sabotage = (method) => (method === "PUT" || method === "HEAD" ? 500 : undefined);
    let readMebibytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of zeros(200)) {
        readMebibytes += 1;
        yield chunk;
      }
    }
    const failure = { code: "internal", retryable: true, details: { status: 500 } };
    await expect(store.put("b", counted(), mp4)).rejects.toMatchObject(failure);
    expect(readMebibytes).toBeLessThan(60);
    await expect(store.head("a")).rejects.toMatchObject(failure);
    expect([standIn.keys(), standIn.openUploads()]).toEqual([["films/a"], 0]);
  });

  it("says so when refused, which no later try would change", async () => {
    const { standIn, store } = await scene();
    standIn.sabotage = () => 403;
    const failure = { code: "internal", retryable: false, details: { status: 403 } };
    await expect(store.put("a", zeros(1), mp4)).rejects.toMatchObject(failure);
    await expect(store.read("a")).rejects.toMatchObject(failure);
    await expect(Array.fromAsync(store.list(""))).rejects.toMatchObject(failure);
  });

  it("does not take a broken transfer for a whole object", async () => {
    const { standIn, store } = await scene();
    await store.put("a", zeros(1), mp4);
    standIn.sabotage = (method) => (method === "GET" ? "break" : undefined);
    const { body } = await store.read("a");
    await expect(body.toArray()).rejects.toMatchObject({ code: "internal", retryable: true });
  });

  it("says so when nothing answers", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // a TCP server's address
    server.close();
    await once(server, "close");
    await expect(storeAt(`http://127.0.0.1:${port}`).head("a")).rejects.toMatchObject({ code: "internal", retryable: true });
  });

  it("lets go of the connection when an object is not read to its end", async () => {
    const { store } = await scene();
    await store.put("a", zeros(20), mp4);
    for (let i = 0; i < 60; i += 1) {
      // More than the client's connections at once: the next would wait for ever.
      const { body } = await store.read("a");
      body.destroy();
      await once(body, "close");
    }
    expect(await store.head("a")).toBeDefined();
  });
});
