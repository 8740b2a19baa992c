import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createApp } from "../../../src/app.ts";
import { readConfig } from "../../../src/config.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import { probe } from "../../../src/media/probe.ts";
import { readTimeline } from "../../../src/media/timeline.ts";
import { clip, temporaryFolder } from "../../support/clips.ts";
import { createClient, mounts } from "../../support/runway-client.ts";
import { writeSmallClip } from "../../support/small-clip.ts";

test.for(mounts)(
  "a real clip is uploaded, upscaled four times on the %s mount and plays",
  { timeout: 240_000 },
  async (mount, context) => {
    const source = clip(context, "4-anim_sintel_moviepy_0-16s.mp4");
    const folder = await temporaryFolder();
    const inputPath = join(folder, "in.mp4");
    await writeSmallClip(source, inputPath, { frames: 12 });
    const config = readConfig({
      environment: { UPRES_PORT: "0", UPRES_DATA: join(folder, "data"), UPRES_THREADS: "2", UPRES_PROVIDER: "cpu" },
    });
    await using app = await createApp(config, { logger: silentLogger });
    const { url } = await app.listen();
    const client = createClient(url ?? "", "key_of_an_open_server", { mount });

    const file = new File([new Uint8Array(await readFile(inputPath))], "in.mp4");
    const { uri } = await client.uploads.createEphemeral({ file });
    const { output } = await client.videoUpscale.create({ model: "upscale_v1", videoUri: uri }).waitForTaskOutput();

    const outputPath = join(folder, "out.mp4");
    const download = await fetch(output[0] ?? "");
    await writeFile(outputPath, Buffer.from(await download.arrayBuffer()));
    const [stream] = (await probe(outputPath)).streams;
    expect(stream).toMatchObject({ kind: "video", codec: "h264", codedSize: { width: 640, height: 360 } });
    expect((await readTimeline(outputPath, 0)).frameTicks).toHaveLength(12);
  },
);
