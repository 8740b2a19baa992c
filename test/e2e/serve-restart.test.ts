import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { writeDemoClip } from "../../src/media/demo-clip.ts";
import { NativeClient } from "../support/native-client.ts";
import { runUpres, ServeProcess } from "../support/serve-process.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upres-restart-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a restart", () => {
  it("goes on with what was under way", async () => {
    const place = ["--data", join(folder, "restarted")];
    const first = await ServeProcess.start(place);
    const before = new NativeClient(first.url);
    const clip = join(folder, "long.mp4");
    await writeDemoClip(clip, { size: { width: 96, height: 54 }, durationSeconds: 40, gopFrames: 25 });
    const upload = await before.upload(new Uint8Array(await readFile(clip)), "long.mp4");
    const { id } = await before.submit({ upload_id: upload.id, tier: "fast", scale: 2, quality: 40 });
    for await (const { name, data } of before.events(id)) {
      if (name === "progress" && z.object({ frames_done: z.int() }).parse(data).frames_done > 0) break;
    }
    expect(await first.stop("SIGINT")).toMatchObject({ code: 0 });
    await using second = await ServeProcess.start(place);
    const job = await new NativeClient(second.url).finished(id);
    expect(job).toMatchObject({ state: "succeeded", result: { frames: 1000, width: 192 } });
  });
});

describe("what the settings do not allow", () => {
  it.each([
    [["worker", "--data", "none"], {}, /needs a database that it shares/],
    [["serve", "--host", "0.0.0.0", "--data", "wide"], {}, /Anyone who reaches 0\.0\.0\.0 could use this server/],
    [
      ["serve", "--port", "high"],
      { UPRES_ROLE: "boss", UPRES_COLOUR: "red" },
      /UPRES_COLOUR is not a setting; .*UPRES_ROLE.*|--port/,
    ],
  ])("is refused with one sentence: %j %j", async (words, settings, message) => {
    const place = words.map((word) => (word === "none" || word === "wide" ? join(folder, word) : word));
    const ended = await runUpres(place, settings);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toMatch(message);
  });
});
