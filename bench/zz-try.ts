import { writeFileSync } from "node:fs";
import { FrameInterpolator, FramePair } from "../src/engine/stages/interpolate.ts";
import { comparePlanes, psnr } from "../src/engine/measure.ts";
import { liveFrameCount } from "../src/media/frame.ts";
import { copyFrame, readTruth, scale } from "./quality/material.ts";
for (const clip of ["1-face_sam2_04_coffee.mp4","4-anim_bbb_small_bunny_1080p_60fps.mp4"]) {
  {
  using truth = await readTruth(`/work/shared/clips/${clip}`, 9);
  const half = { width: truth.size.width / 2, height: truth.size.height / 2 };
  using small = await scale(truth, half, "area");
  using stage = new FrameInterpolator({ sourceSize: half, outputSize: truth.size, bitDepth: 8 });
  async function* pairs() { for (let i = 0; i < 9; i += 2) { const a = copyFrame(small.frames[i]!), b = copyFrame(truth.frames[i]!); a.pts = b.pts = BigInt(i); yield new FramePair(a, b); } }
  const t = process.cpuUsage(); let n = 0; const out: string[] = [];
  for await (const f of stage.run(pairs(), [1n, 3n, 5n, 7n])) { using o = f; n += 1;
    const g = truth.frames[Number(o.pts)]!, a = truth.frames[Number(o.pts) - 1]!, b = truth.frames[Number(o.pts) + 1]!;
    out.push([0,1,2].map((p) => psnr(comparePlanes(g.plane(p), o.plane(p), 8).squaredError).toFixed(2)).join("/") + " (frame before " + psnr(comparePlanes(g.plane(0), a.plane(0), 8).squaredError).toFixed(2) + ")");
    if (n === 2) { const bufs: Buffer[] = []; for (const p of [0,1,2]) { const pl = o.plane(p); for (let y = 0; y < pl.height; y++) bufs.push(Buffer.from(pl.data.subarray(y*pl.strideBytes, y*pl.strideBytes+pl.width))); } writeFileSync(`/tmp/x/interp/${clip}.raw`, Buffer.concat(bufs)); }
    void b;
  }
  const u = process.cpuUsage(t); console.log(clip, truth.size, out, "cpu ms/frame", ((u.user+u.system)/1e3/n).toFixed(1), "reserved MB", stage.reservedBytes/1e6, stage.counts);
  }
  console.log("live", liveFrameCount());
}
