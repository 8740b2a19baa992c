import { Dictionary, FormatContext } from "node-av";
import { check } from "../../src/media/ffmpeg.ts";
import { MediaSource } from "../../src/media/source.ts";

/** Copies a clip up to its `frames`-th video packet, every stream as it is, to an MP4 file. */
export async function trimClip(inputPath: string, outputPath: string, frames: number, videoIndex: number): Promise<void> {
  await using source = await MediaSource.open(inputPath);
  const context = new FormatContext();
  try {
    check(context.allocOutputContext2(null, "mp4", `file:${outputPath}`), "output_unwritable", "No trimmed clip");
    check(await context.openOutput(), "output_unwritable", "No trimmed clip");
    const outputs = source.context.streams.map((input) => {
      const output = context.newStream(null);
      check(input.codecpar.copy(output.codecpar), "internal", "No stream description");
      output.codecpar.codecTag = 0;
      output.timeBase = input.timeBase;
      return output;
    });
    check(await context.writeHeader(Dictionary.fromObject({ movflags: "+faststart" })), "output_unwritable", "No trimmed clip");
    let seen = 0;
    for await (const packet of source.packets()) {
      const input = source.context.streams[packet.streamIndex];
      const output = outputs[packet.streamIndex];
      if (packet.streamIndex === videoIndex) seen += 1;
      if (seen > frames) break;
      if (input === undefined || output === undefined) continue;
      packet.rescaleTs(input.timeBase, output.timeBase);
      check(await context.interleavedWriteFrame(packet), "output_unwritable", "No trimmed clip");
    }
    check(await context.writeTrailer(), "output_unwritable", "No trimmed clip");
  } finally {
    await context.closeOutput();
    context.freeContext();
  }
}
