import { FormatContext, type Packet } from "node-av";
import { MediaSource } from "../../src/media/source.ts";

/** Copies a file's packets, undecoded, up to `videoPackets` of its first video stream (in decoding order) and the other
 *  streams' packets met on the way. */
export async function shorten(inputPath: string, outputPath: string, videoPackets: number): Promise<void> {
  await using source = await MediaSource.open(inputPath);
  const output = new FormatContext();
  try {
    expectSuccess(output.allocOutputContext2(null, null, outputPath));
    expectSuccess(await output.openOutput());
    for (const stream of source.context.streams) {
      const copy = output.newStream(null);
      expectSuccess(stream.codecpar.copy(copy.codecpar));
      copy.codecpar.codecTag = 0;
      copy.timeBase = stream.timeBase;
      copy.avgFrameRate = stream.avgFrameRate;
      copy.sampleAspectRatio = stream.sampleAspectRatio;
    }
    expectSuccess(await output.writeHeader(null));
    const videoIndex = source.context.streams.findIndex((stream) => stream.codecpar.width > 0);
    let taken = 0;
    for await (const packet of source.packets()) {
      if (packet.streamIndex === videoIndex) taken += 1;
      if (taken > videoPackets) break;
      await copyPacket(packet, source, output);
    }
    expectSuccess(await output.writeTrailer());
  } finally {
    await output.closeOutput();
    output.freeContext();
  }
}

async function copyPacket(packet: Packet, source: MediaSource, output: FormatContext): Promise<void> {
  const from = source.context.streams[packet.streamIndex];
  const to = output.streams[packet.streamIndex];
  const copy = packet.clone();
  if (copy === null || from === undefined || to === undefined) return;
  using owned = copy;
  owned.rescaleTs(from.timeBase, to.timeBase);
  owned.pos = -1n;
  expectSuccess(await output.interleavedWriteFrame(owned));
}

function expectSuccess(code: number): void {
  if (code < 0) throw new Error(`FFmpeg answers ${code}`);
}
