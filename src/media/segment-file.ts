import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { commitFile, isErrno, sha256OfFile } from "../core/files.ts";
import type { EncodedPacket } from "./encode.ts";

// A segment is two files: NAME.packets holds the encoded packets, NAME.json says which bytes belong to it and what was
// measured. The second is written last, so a segment without it does not exist.

const recordHeaderBytes = 29; // pts, dts, duration: int64; key flag: uint8; data size: uint32; little-endian

export type SegmentIndex<Facts> = {
  readonly sha256: string;
  /** Presentation times in the order of the packets. */
  readonly ptsTicks: readonly number[];
  readonly facts: Facts;
};

/** Writes a segment's packets, then commits it with what `facts` returns once they are all written. */
export async function writeSegment<Facts>(
  basePath: string,
  packets: AsyncIterable<EncodedPacket>,
  facts: () => Facts,
): Promise<SegmentIndex<Facts>> {
  const temporaryPath = `${basePath}.packets.part`;
  const ptsTicks: number[] = [];
  const hash = createHash("sha256");
  const handle = await open(temporaryPath, "w");
  try {
    for await (const packet of packets) {
      const header = Buffer.alloc(recordHeaderBytes);
      header.writeBigInt64LE(packet.pts, 0);
      header.writeBigInt64LE(packet.dts, 8);
      header.writeBigInt64LE(packet.durationTicks, 16);
      header.writeUInt8(packet.isKey ? 1 : 0, 24);
      header.writeUInt32LE(packet.data.length, 25);
      await handle.writev([header, packet.data]);
      hash.update(header).update(packet.data);
      ptsTicks.push(Number(packet.pts));
    }
  } finally {
    await handle.close();
  }
  await commitFile(temporaryPath, `${basePath}.packets`);
  const index: SegmentIndex<Facts> = { sha256: hash.digest("hex"), ptsTicks, facts: facts() };
  const indexHandle = await open(`${basePath}.json.part`, "w");
  try {
    await indexHandle.writeFile(JSON.stringify(index));
  } finally {
    await indexHandle.close();
  }
  await commitFile(`${basePath}.json.part`, `${basePath}.json`);
  return index;
}

/** The index of a finished segment, or undefined when it was never finished or its packets are not the ones written. */
export async function readSegmentIndex<Facts>(basePath: string): Promise<SegmentIndex<Facts> | undefined> {
  try {
    const index = JSON.parse(await readFile(`${basePath}.json`, "utf8")) as SegmentIndex<Facts>; // written by this module
    return (await sha256OfFile(`${basePath}.packets`)) === index.sha256 ? index : undefined;
  } catch (error) {
    if (isErrno(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Streams the packets of a finished segment. */
export async function* readSegment(basePath: string): AsyncGenerator<EncodedPacket> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(`${basePath}.packets`, { highWaterMark: 1 << 20 })) {
    rest = Buffer.concat([rest, chunk as Buffer]); // no encoding set: always a Buffer
    for (;;) {
      if (rest.length < recordHeaderBytes) break;
      const end = recordHeaderBytes + rest.readUInt32LE(25);
      if (rest.length < end) break;
      yield {
        pts: rest.readBigInt64LE(0),
        dts: rest.readBigInt64LE(8),
        durationTicks: rest.readBigInt64LE(16),
        isKey: rest.readUInt8(24) === 1,
        data: Buffer.from(rest.subarray(recordHeaderBytes, end)),
      };
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new RangeError(`segment ${basePath} ends inside a packet`);
}
