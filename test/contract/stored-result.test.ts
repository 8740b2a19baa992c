import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { beforeEach, describe, expect, test } from "vitest";
import type { Job, JobSource } from "../../src/domain/job.ts";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import type { ObjectStore } from "../../src/storage/object-store.ts";
import { resultKey, storeResult } from "../../src/worker/result.ts";
import { temporaryFolder } from "../support/clips.ts";
import { sampleJob } from "../support/sample-job.ts";

const output = { sizeBytes: 5, durationSeconds: 1, width: 2, height: 2, frames: 25 };
const job: Job = { ...sampleJob, request: { ...defaultRequest, container: "webm" } };

let store: ObjectStore;
let path: string;
beforeEach(async () => {
  const folder = await temporaryFolder();
  store = createDiskStore({ folder: join(folder, "objects") });
  path = join(folder, "output.webm");
  await writeFile(path, "bytes");
});

async function nameFor(source: JobSource): Promise<string> {
  const result = await storeResult({ store, job: { ...job, source }, path, output }, new AbortController().signal);
  expect(await store.head(result.objectKey)).toMatchObject({ fileName: result.fileName, contentType: "video/webm" });
  return result.fileName;
}

async function upload(key: string, fileName: string): Promise<JobSource> {
  await store.put(key, Readable.from([Buffer.from("video")]), { contentType: "video/mp4", fileName });
  return { kind: "object", key };
}

describe("a stored result", () => {
  test("is named after the upload's own name, whatever the upload's key is", async () => {
    expect(await nameFor(await upload("uploads/a/b0e0dd5a", "ein Film.mp4"))).toBe("ein Film-upscaled.webm");
    expect(await nameFor(await upload("uploads/a/1", "日本の動画.tar.mov"))).toBe("日本の動画.tar-upscaled.webm");
    expect(await nameFor(await upload("uploads/a/2", `${"é".repeat(90)}.mp4`))).toBe(`${"é".repeat(80)}-upscaled.webm`);
    expect(await nameFor(await upload("uploads/a/3", "../../etc/passwd"))).toBe("passwd-upscaled.webm");
    expect(await nameFor(await upload("results/a/result.mp4", "clip-upscaled.mp4"))).toBe("clip-upscaled.webm");
  });

  test("is named after the last part of an address", async () => {
    expect(await nameFor({ kind: "url", url: "https://example.com/a/my%20clip.mp4?token=secret" })).toBe("my clip-upscaled.webm");
    expect(await nameFor({ kind: "object", key: "inputs/1234/gone.mp4" })).toBe("gone-upscaled.webm");
  });

  test("lies under a key that its job alone decides, and leaves the file to be stored again", async () => {
    const source = await upload("uploads/a/4", "named.mp4");
    for (const each of [job.source, source, source]) {
      const result = await storeResult({ store, job: { ...job, source: each }, path, output }, new AbortController().signal);
      expect(result.objectKey).toBe(resultKey(job));
      expect(result).toMatchObject({ sizeBytes: 5, frames: 25, width: 2 });
    }
    expect(resultKey(job)).toBe(`results/${job.id}/result.webm`);
    expect(await readFile(path, "utf8")).toBe("bytes");
    const { body } = await store.read(resultKey(job));
    expect(String(await buffer(body))).toBe("bytes");
  });
});
