import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppError } from "../../../src/domain/errors.ts";
import { writeDemoClip } from "../../../src/media/demo-clip.ts";
import { createViewer, type Viewer } from "../../../src/worker/viewer.ts";

// The processes that look at videos, when things go wrong with them.

let folder: string;
let clip: string;
let viewer: Viewer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upres-viewer-"));
  clip = join(folder, "clip.mp4");
  await writeDemoClip(clip, { size: { width: 64, height: 36 }, durationSeconds: 1, gopFrames: 25 });
  viewer = createViewer();
});
afterAll(async () => {
  await viewer[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("what takes too long ends its process, and what is asked next gets another", async () => {
  const slow = viewer.ask({ type: "picture", path: clip }, { timeoutMs: 1 });
  const next = viewer.ask({ type: "picture", path: clip });
  await expect(slow).rejects.toMatchObject({ code: "decode_failed" });
  expect(await next).toMatchObject({ frames: 25, size: { width: 64, height: 36 } });
});

test("a file that is no video is refused, and who has gone is not waited for", async () => {
  const broken = join(folder, "broken.mp4");
  await writeFile(broken, "no video at all");
  const gone = new AbortController();
  const first = viewer.ask({ type: "picture", path: broken });
  const second = viewer.ask({ type: "picture", path: broken }, { signal: gone.signal });
  gone.abort(new AppError("cancelled", "gone"));
  await expect(first).rejects.toMatchObject({ code: "input_unreadable" });
  await expect(second).rejects.toMatchObject({ code: "cancelled" });
  const missing: unknown = await viewer.ask({ type: "picture", path: join(folder, "none") }).catch((error: unknown) => error);
  expect(missing).toMatchObject({ code: "object_not_found", message: "The video is no longer kept." });
});

test("too much at once is refused, and closing answers what waits", async () => {
  const closing = createViewer();
  const asked = Array.from({ length: 30 }, () => closing.ask({ type: "picture", path: clip }));
  const outcomes = Promise.allSettled(asked);
  await closing[Symbol.asyncDispose]();
  const codes = (await outcomes).map((outcome) => (outcome.status === "rejected" ? (outcome.reason as AppError).code : "done"));
  expect(codes.filter((code) => code === "rate_limited")).toHaveLength(6);
  expect(codes.filter((code) => code === "cancelled")).toHaveLength(24);
});
