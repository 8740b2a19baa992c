import { AV_PKT_FLAG_DISCARD, AVDISCARD_ALL } from "node-av";
import { throwIfAborted } from "../core/async.ts";
import { knownTicks } from "./ffmpeg.ts";
import { MediaSource } from "./source.ts";

export type PacketSize = { readonly ticks: bigint; readonly bytes: number };

/** Time and size of every video packet that is shown, by time: what each picture cost, without decoding. */
export async function readPacketSizes(path: string, videoIndex: number, signal?: AbortSignal): Promise<readonly PacketSize[]> {
  await using source = await MediaSource.open(path);
  for (const other of source.context.streams) if (other.index !== videoIndex) other.discard = AVDISCARD_ALL;
  const sizes: PacketSize[] = [];
  for await (const packet of source.packets()) {
    throwIfAborted(signal);
    if (packet.streamIndex !== videoIndex || packet.hasFlags(AV_PKT_FLAG_DISCARD)) continue;
    const ticks = knownTicks(packet.pts) ?? knownTicks(packet.dts);
    if (ticks !== undefined) sizes.push({ ticks, bytes: packet.size });
  }
  return sizes.toSorted((a, b) => (a.ticks < b.ticks ? -1 : a.ticks > b.ticks ? 1 : 0));
}
