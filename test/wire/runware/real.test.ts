import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { Runware } from "@runware/sdk-js";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { createApp } from "../../../src/app.ts";
import { readConfig } from "../../../src/config.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import { writeDemoClip } from "../../../src/media/demo-clip.ts";
import { probe } from "../../../src/media/probe.ts";
import { readTimeline } from "../../../src/media/timeline.ts";
import { temporaryFolder } from "../../support/clips.ts";

const Result = z.object({ status: z.literal("success"), videoUUID: z.uuidv4(), videoURL: z.url(), cost: z.number() });

/** A bucket that takes one file. */
async function startBucket(): Promise<{ readonly url: string; readonly bytes: Promise<Buffer> }> {
  const taken = Promise.withResolvers<Buffer>();
  const bucket = createServer(async (request, response) => {
    const bytes = await buffer(request);
    response.end();
    if (request.method === "PUT" && request.headers["content-type"] === "video/mp4") taken.resolve(bytes);
  });
  bucket.listen(0, "127.0.0.1");
  await once(bucket, "listening");
  onTestFinished(() => void bucket.close());
  const { port } = z.object({ port: z.int() }).parse(bucket.address());
  return { url: `http://127.0.0.1:${port}/key?signature=1`, bytes: taken.promise };
}

test(
  "a real clip is stored, upscaled, put where the caller wants it, and comes back as a video that plays",
  { timeout: 240_000 },
  async () => {
    const folder = await temporaryFolder();
    const inputPath = join(folder, "in.mp4");
    await writeDemoClip(inputPath, { size: { width: 160, height: 90 }, durationSeconds: 0.48, gopFrames: 12 });
    const config = readConfig({
      environment: {
        UPRES_PORT: "0",
        UPRES_DATA: join(folder, "data"),
        UPRES_THREADS: "2",
        UPRES_PROVIDER: "cpu",
        UPRES_WEBHOOKS_ALLOW: "127.0.0.0/8",
      },
    });
    await using app = await createApp(config, { logger: silentLogger });
    const { url = "" } = await app.listen();
    const bucket = await startBucket();

    const client = await Runware.initialize({ apiKey: "any", url: `${url.replace("http", "ws")}/v1` });
    onTestFinished(() => client.disconnect());
    const media = `data:video/mp4;base64,${(await readFile(inputPath)).toString("base64")}`;
    const { mediaUUID } = await client.mediaStorage({ media });
    const taskUUID = randomUUID();
    const upscaled = await client.upscale({
      model: "bytedance:50@1",
      inputs: { video: mediaUUID },
      taskUUID,
      deliveryMethod: "async",
      includeCost: true,
      uploadEndpoint: bucket.url,
      upres: { scale: 2, tier: "fast" },
    });

    const { videoURL, videoUUID } = Result.parse(upscaled);
    expect(videoURL.endsWith(`/${videoUUID}.mp4`)).toBe(true);
    const file = await fetch(videoURL);
    expect(file.headers.get("content-type")).toBe("video/mp4");
    const bytes = Buffer.from(await file.arrayBuffer());
    expect((await bucket.bytes).equals(bytes)).toBe(true);
    const outputPath = join(folder, "out.mp4");
    await writeFile(outputPath, bytes);
    const [stream] = (await probe(outputPath)).streams;
    expect(stream).toMatchObject({ kind: "video", codec: "h264", codedSize: { width: 320, height: 180 } });
    expect((await readTimeline(outputPath, 0)).frameTicks).toHaveLength(12);
  },
);
