import type { MediaInfo, VideoStream } from "../domain/media-info.ts";
import type { NetworkDescriptor, RgbModelDescriptor } from "../domain/model-descriptor.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";
import { probe } from "../media/probe.ts";
import { readTimeline, type Timeline } from "../media/timeline.ts";
import { diagnose } from "./diagnosis/diagnose.ts";
import { chooseNetwork } from "./network-plan.ts";
import { makePlan, type Plan } from "./plan.ts";
import { selectVideo } from "./streams.ts";

/** Everything known of an input, and what will be done with it. */
export type Inspection = {
  readonly media: MediaInfo;
  readonly video: VideoStream;
  readonly timeline: Timeline;
  readonly model: NetworkDescriptor;
  readonly plan: Plan;
};

/** Probes, reads the timeline, diagnoses and plans; decodes only the diagnosis's frames. `added` is a user's network, used
 *  in place of the one that the request's tier and preset name. */
export async function inspect(
  inputPath: string,
  request: UpscaleRequest,
  threads: number,
  signal?: AbortSignal,
  added?: RgbModelDescriptor,
): Promise<Inspection> {
  const media = await probe(inputPath);
  const first = selectVideo(media, () => 0);
  let timeline = await readTimeline(inputPath, first.index, signal);
  const video = selectVideo(media, (index) => timeline.extents.get(index)?.packets ?? 0);
  if (video.index !== first.index) timeline = await readTimeline(inputPath, video.index, signal);
  const diagnosis = await diagnose({ path: inputPath, video, timeline, assume: request.assume, signal });
  const model = added ?? chooseNetwork({ request, video, diagnosis });
  const plan = makePlan({ media, video, timeline, diagnosis, request, model, encoderThreads: threads });
  return { media, video, timeline, model, plan };
}
