import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createApp } from "../../../src/app.ts";
import { readConfig } from "../../../src/config.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import { probe } from "../../../src/media/probe.ts";
import { readTimeline } from "../../../src/media/timeline.ts";
import { clip, temporaryFolder } from "../../support/clips.ts";
import { writeSmallClip } from "../../support/small-clip.ts";
import { ReplyReceiver, type Task, UseapiClient } from "../../support/useapi-client.ts";

const frames = 2;

test(
  "a real clip is uploaded, upscaled to 4K, told of and comes back as a video that plays",
  { timeout: 600_000 },
  async (context) => {
    const source = clip(context, "4-anim_sintel_moviepy_0-16s.mp4");
    const folder = await temporaryFolder();
    const inputPath = join(folder, "in.mp4");
    await writeSmallClip(source, inputPath, { frames });
    const config = readConfig({
      environment: {
        UPRES_PORT: "0",
        UPRES_DATA: join(folder, "data"),
        UPRES_THREADS: "2",
        UPRES_PROVIDER: "cpu",
        UPRES_WEBHOOKS_ALLOW: "127.0.0.0/8",
      },
    });
    await using receiver = await ReplyReceiver.start();
    await using app = await createApp(config, { logger: silentLogger });
    const { url = "" } = await app.listen();
    const client = new UseapiClient({ api: `${url}/v1/runwayml` });

    const { assetId } = await client.upload(await readFile(inputPath), "in.mp4");
    await client.start({ videoAssetId: assetId, replyUrl: receiver.url, replyRef: "r" });
    const last = await ended(receiver);
    expect(last).toMatchObject({ status: "SUCCEEDED", progressRatio: "1", replyRef: "r" });
    expect(receiver.tasks.at(0)).toMatchObject({ status: "RUNNING" });

    const [artifact] = last.artifacts;
    expect(artifact).toMatchObject({ filename: "in 4K.mp4", metadata: { dimensions: [4096, 2304] } });
    const bytes = Buffer.from(await (await fetch(artifact?.url ?? "")).arrayBuffer());
    expect(String(bytes.length)).toBe(artifact?.fileSize);
    const outputPath = join(folder, "out.mp4");
    await writeFile(outputPath, bytes);
    const [stream] = (await probe(outputPath)).streams;
    expect(stream).toMatchObject({ kind: "video", codec: "h264", codedSize: { width: 4096, height: 2304 } });
    expect((await readTimeline(outputPath, 0)).frameTicks).toHaveLength(frames);
  },
);

/** The task as it was told last. */
async function ended(receiver: ReplyReceiver): Promise<Task> {
  for (;;) {
    const task = await receiver.next();
    if (["SUCCEEDED", "FAILED", "CANCELLED"].includes(task.status)) return task;
  }
}
