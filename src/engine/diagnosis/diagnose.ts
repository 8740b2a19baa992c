import type { Assumptions } from "../../domain/assumptions.ts";
import type { VideoStream } from "../../domain/media-info.ts";
import { sampleFrames } from "../../media/samples.ts";
import type { Timeline } from "../../media/timeline.ts";
import { applyAssumptions } from "./assume.ts";
import { Collector } from "./collect.ts";
import { measureCompression } from "./compression.ts";
import { conclude } from "./conclude.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { choosePlaces } from "./places.ts";
import { judgeShared } from "./shared.ts";

export type DiagnosisQuestion = {
  readonly path: string;
  readonly video: VideoStream;
  readonly timeline: Pick<Timeline, "frameTicks" | "keyTicks" | "extents">;
  /** What the caller knows better. */
  readonly assume?: Assumptions | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Looks at up to 128 frames, spread over the file, for what restoration should know. Whatever cannot be measured is as in
 *  `nothingFound`.  Throws: as `decodeVideo`. */
export async function diagnose({ path, video, timeline, assume, signal }: DiagnosisQuestion): Promise<Diagnosis> {
  const { width, height } = video.codedSize;
  const places = choosePlaces({ ...timeline, pixels: width * height });
  using collector = new Collector(video);
  for await (const sample of sampleFrames({ path, streamIndex: video.index, places, signal })) await collector.look(sample);
  const measures = collector.finish();
  const beside = { compression: measureCompression(video, timeline), shared: await judgeShared(measures.centres) };
  return applyAssumptions(conclude(measures, video, beside), assume, video);
}
