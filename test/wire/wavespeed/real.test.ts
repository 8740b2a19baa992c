import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "wavespeed";
import { expect, test } from "vitest";
import { createApp } from "../../../src/app.ts";
import { readConfig } from "../../../src/config.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import { probe } from "../../../src/media/probe.ts";
import { readTimeline } from "../../../src/media/timeline.ts";
import { clip, temporaryFolder } from "../../support/clips.ts";
import { writeSmallClip } from "../../support/small-clip.ts";
import { model } from "../../support/wavespeed-server.ts";

test(
  "a real clip is uploaded, run and comes back four times as large, with its frames and rate",
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
    const { url = "" } = await app.listen();

    const client = new Client("any", { baseUrl: url });
    const { outputs } = (await client.run(model, { video: await client.upload(inputPath) })) as { outputs: string[] };

    const file = await fetch(outputs[0] ?? "");
    expect(file.headers.get("content-type")).toBe("video/mp4");
    const outputPath = join(folder, "out.mp4");
    await writeFile(outputPath, Buffer.from(await file.arrayBuffer()));
    const [before, after] = [await probe(inputPath), await probe(outputPath)];
    expect(after.streams[0]).toMatchObject({ kind: "video", codedSize: { width: 640, height: 360 } });
    expect((await readTimeline(outputPath, 0)).frameTicks).toHaveLength(12);
    expect(after.durationSeconds).toBeCloseTo(before.durationSeconds ?? 0, 1);
  },
);
