import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createApp } from "../../../src/app.ts";
import { readConfig } from "../../../src/config.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import { probe } from "../../../src/media/probe.ts";
import { readTimeline } from "../../../src/media/timeline.ts";
import { clip, temporaryFolder } from "../../support/clips.ts";
import { createClient, endpoint } from "../../support/fal-client.ts";
import { writeSmallClip } from "../../support/small-clip.ts";

type Output = { readonly video: { readonly url: string; readonly file_size: number }; readonly duration: number };

test(
  "a real clip is uploaded, subscribed to with logs, upscaled and comes back as a video that plays",
  { timeout: 240_000 },
  async (context) => {
    const source = clip(context, "4-anim_sintel_moviepy_0-16s.mp4");
    const folder = await temporaryFolder();
    const inputPath = join(folder, "in.mp4");
    await writeSmallClip(source, inputPath, { frames: 12 });
    const config = readConfig({
      environment: { UPRES_PORT: "0", UPRES_DATA: join(folder, "data"), UPRES_THREADS: "2", UPRES_PROVIDER: "cpu" },
    });
    await using app = await createApp(config, { logger: silentLogger });
    const { url } = await app.listen();

    const lines: string[] = [];
    const { data } = await createClient(url ?? "").subscribe(endpoint, {
      input: {
        video_url: new Blob([await readFile(inputPath)], { type: "video/mp4" }),
        scale_ratio: 2,
        enhancement_tier: "fast",
      },
      logs: true,
      mode: "streaming",
      onQueueUpdate: (update) => {
        if ("logs" in update) lines.splice(0, lines.length, ...(update.logs ?? []).map(({ message }) => message));
      },
    });
    const { video, duration } = data as Output; // each field is checked below

    const file = await fetch(video.url);
    const bytes = Buffer.from(await file.arrayBuffer());
    expect(bytes).toHaveLength(video.file_size);
    const outputPath = join(folder, "out.mp4");
    await writeFile(outputPath, bytes);
    const [stream] = (await probe(outputPath)).streams;
    expect(stream).toMatchObject({ kind: "video", codec: "h264", codedSize: { width: 320, height: 180 } });
    expect((await readTimeline(outputPath, 0)).frameTicks).toHaveLength(12);
    expect(duration).toBeCloseTo(12 / 24, 1);
    expect(lines.length).toBeGreaterThan(0);
    expect(new Set(lines).size).toBe(lines.length);
  },
);
