import { readFile, writeFile } from "node:fs/promises";
import { decodeVideo } from "../../src/media/decode.ts";
import { VideoEncoder } from "../../src/media/encode.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import { BaselineJob } from "./job.ts";

// Processor time of single stages, written as JSON: decoding the source once, and encoding the command's own output pictures.

const [jobPath, resultPath] = process.argv.slice(2);
if (jobPath === undefined || resultPath === undefined) throw new RangeError("usage: node stages.ts <job file> <result file>");
const job = BaselineJob.parse(JSON.parse(await readFile(jobPath, "utf8")));

const decodeSeconds = await cpuSecondsOf(() => drain(decode(job.inputPath, job.streamIndex)));
const decodeOutputSeconds = await cpuSecondsOf(() => drain(decode(job.outputPath, 0)));
const bothSeconds = await cpuSecondsOf(async () => {
  using encoder = await VideoEncoder.open(job.encode);
  let packets = 0;
  for await (const packet of encoder.encode(decode(job.outputPath, 0))) packets += packet.data.length > 0 ? 1 : 0;
  if (packets === 0) throw new Error("the encoder gave nothing");
});
await writeFile(resultPath, JSON.stringify({ decodeSeconds, encodeSeconds: bothSeconds - decodeOutputSeconds }));

function decode(path: string, streamIndex: number): AsyncGenerator<VideoFrame> {
  return decodeVideo({ path, streamIndex, threads: 0 });
}

async function drain(frames: AsyncIterable<VideoFrame>): Promise<void> {
  for await (const frame of frames) frame[Symbol.dispose]();
}

async function cpuSecondsOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
