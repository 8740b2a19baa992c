import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Size } from "../../src/domain/media-info.ts";
import { writeDemoClip } from "../../src/media/demo-clip.ts";

export const clipSize: Size = { width: 160, height: 90 };

/** The bytes of an MP4 with sound that is exactly so long. */
export async function makeClip(durationSeconds: number, size: Size = clipSize): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "upres-test-"));
  try {
    const path = join(folder, "clip.mp4");
    await writeDemoClip(path, { size, durationSeconds, gopFrames: 1000 });
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
