import { once } from "node:events";
import { rename } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Server } from "@tus/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeContent } from "../../src/ingest/sniff.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import type { ObjectStore } from "../../src/storage/object-store.ts";
import { createS3Store } from "../../src/storage/s3-store.ts";
import { createTusStore, type FinishUpload, type TusStore } from "../../src/storage/tus-store.ts";
import { temporaryFolder } from "../support/clips.ts";
import { filesIn } from "../support/files-in.ts";
import { startS3StandIn } from "../support/s3-stand-in.ts";

const video = Buffer.concat([Buffer.from("\0\0\0\x18ftypisom"), Buffer.alloc(100_000, 1)]);
const tusHeaders = { "tus-resumable": "1.0.0" };

const stores: Readonly<Record<string, (folder: string) => Promise<ObjectStore>>> = {
  disk: async (folder) => createDiskStore({ folder: join(folder, "store") }),
  S3: async (folder) => {
    const standIn = await startS3StandIn(join(folder, "s3"));
    onTestFinished(() => standIn[Symbol.asyncDispose]());
    const credentials = { accessKeyId: "key", secretAccessKey: "secret" };
    return createS3Store({
      bucket: "films",
      prefix: "",
      region: "r",
      endpoint: standIn.endpoint,
      credentials,
      forcePathStyle: true,
    });
  },
};

type Scene = { readonly tus: TusStore; readonly finish: FinishUpload; readonly folder: string; readonly base: string };

async function scene(
  makeStore: (folder: string) => Promise<ObjectStore> = async (at) => createDiskStore({ folder: at }),
): Promise<Scene> {
  const folder = await temporaryFolder();
  const tus = createTusStore({ folder: join(folder, "uploads") });
  const tusServer = new Server({ path: "/uploads", datastore: tus.dataStore });
  const server = createServer((request, response) => void tusServer.handle(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/uploads`; // a TCP server's address
  const finish = { store: await makeStore(join(folder, "objects")), key: "inputs/1", describe: describeContent };
  return { tus, finish, folder, base };
}

/** Announces an upload and returns its id. */
async function create(base: string, sizeBytes: number): Promise<string> {
  const metadata = `filename ${btoa("../summer.mov")},filetype ${btoa("text/html")}`;
  const headers = { ...tusHeaders, "upload-length": String(sizeBytes), "upload-metadata": metadata };
  const response = await fetch(base, { method: "POST", headers });
  expect(response.status).toBe(201);
  return response.headers.get("location")?.split("/").at(-1) ?? "";
}

async function append(base: string, id: string, offset: number, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const headers = { ...tusHeaders, "upload-offset": String(offset), "content-type": "application/offset+octet-stream" };
  const response = await fetch(`${base}/${id}`, { method: "PATCH", headers, body });
  expect(response.status).toBe(204);
}

async function offsetOf(base: string, id: string): Promise<number> {
  const response = await fetch(`${base}/${id}`, { method: "HEAD", headers: tusHeaders });
  return Number(response.headers.get("upload-offset"));
}

describe.each(Object.entries(stores))("a resumable upload into the store on %s", (_name, makeStore) => {
  it("comes in pieces, then moves as a whole, once", async () => {
    const { tus, finish, folder, base } = await scene(makeStore);
    const id = await create(base, video.length);
    await append(base, id, 0, video.subarray(0, 40_000));
    await expect(tus.finishUpload(id, finish)).rejects.toMatchObject({ code: "bad_request", details: { receivedBytes: 40_000 } });
    expect(await finish.store.head("inputs/1")).toBeUndefined();

    expect(await offsetOf(base, id)).toBe(40_000);
    await append(base, id, 40_000, video.subarray(40_000));
    const object = await tus.finishUpload(id, finish);
    expect(object).toMatchObject({ key: "inputs/1", contentType: "video/mp4", fileName: "summer.mov", sizeBytes: video.length });
    const { body } = await finish.store.read("inputs/1");
    expect(Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>))).toEqual(video); // no encoding set
    expect(await filesIn(join(folder, "uploads"))).toEqual([]);
    expect(await tus.finishUpload(id, finish)).toEqual(object);
  });
});

it("an upload whose move was cut off by a crash is finished by the next try", async () => {
  const { tus, finish, folder, base } = await scene();
  const id = await create(base, video.length);
  await append(base, id, 0, video);
  const object = await finish.store.put("inputs/1", Readable.from([video]), { contentType: "video/mp4", fileName: "a.mp4" });
  await rename(join(folder, "uploads", id), join(folder, "moved"));
  expect(await tus.finishUpload(id, finish)).toEqual(object);
  expect(await filesIn(join(folder, "uploads"))).toEqual([]);
});

it("an upload that is no video is refused and can be discarded", async () => {
  const { tus, finish, folder, base } = await scene();
  const id = await create(base, 6);
  await append(base, id, 0, Buffer.from("<html>"));
  await expect(tus.finishUpload(id, finish)).rejects.toMatchObject({ code: "input_unreadable" });
  await tus.discardUpload(id);
  await tus.discardUpload(id);
  expect(await filesIn(folder)).toEqual([]);
});

it("an upload that does not exist is not found, whatever its id looks like", async () => {
  const { tus, finish } = await scene();
  for (const id of ["none", "../store", "", "a/b", ".."]) {
    await expect(tus.finishUpload(id, finish)).rejects.toMatchObject({ code: "upload_not_found" });
  }
});
