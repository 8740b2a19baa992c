import { api } from "../api/endpoints.ts";
import { ApiError, request } from "../api/http.ts";
import type { PictureFacts } from "../api/types.ts";
import { withTurn } from "./turns.ts";
import { constantTimeline, type FrameFeed, listedTimeline, type PlayableVideo, type Timeline } from "./frame-feed.ts";

/** A picture no larger than this is fetched exactly at once. */
const smallPixels = 1280 * 720;
const quickWidth = 1600;

export type Comparison = { readonly first: FrameFeed; readonly second: FrameFeed; readonly timeline: Timeline };

/** What two videos of one source are, ready to be looked at: the second's frames are the ones that are counted.
 *  Throws: ApiError `object_not_found` where one of them is gone. */
export async function openComparison(jobId: string, otherJobId: string | undefined, signal: AbortSignal): Promise<Comparison> {
  const view = await api.view(jobId, signal);
  const { result } = view;
  if (result === null) throw gone("The result is no longer kept. Retry the job to make it again.");
  const timeline = await timelineOf(jobId, result, signal);
  const second = jobFeed({ jobId, of: "result", facts: result, label: "Upscaled", address: (frame) => `index=${frame}` });
  if (otherJobId === undefined) {
    if (view.source === null) throw gone("The original is no longer kept, so there is nothing to compare with.");
    const address = (frame: number): string => `index=${frame}`; // the server finds the source's frame for the result's
    return { first: jobFeed({ jobId, of: "source", facts: view.source, label: "Original", address }), second, timeline };
  }
  const other = (await api.view(otherJobId, signal)).result;
  if (other === null) throw gone("The other result is no longer kept. Choose another one to compare with.");
  const isAlike = other.frames === result.frames;
  const address = (frame: number): string =>
    isAlike ? `index=${frame}` : `seconds=${(timeline.secondsOf(frame) + 1e-4).toFixed(5)}`;
  return { first: jobFeed({ jobId: otherJobId, of: "result", facts: other, label: "Other", address }), second, timeline };
}

function gone(message: string): ApiError {
  return new ApiError("object_not_found", message, 404);
}

async function timelineOf(jobId: string, facts: PictureFacts, signal: AbortSignal): Promise<Timeline> {
  if (facts.is_constant_rate) return constantTimeline(facts.frames, facts.frame_rate);
  return listedTimeline(await api.times(jobId, "result", signal));
}

type FeedOptions = {
  readonly jobId: string;
  readonly of: "result" | "source";
  readonly facts: PictureFacts;
  readonly label: string;
  readonly address: (frame: number) => string;
};

function jobFeed({ jobId, of, facts, label, address }: FeedOptions): FrameFeed {
  const isSmall = facts.width * facts.height <= smallPixels;
  return {
    key: `${jobId} ${of}`,
    label,
    size: { width: facts.width, height: facts.height },
    fetchFrame: async (frame, purpose, signal) => {
      const form = purpose === "exact" || isSmall ? "format=png" : `format=jpeg&max_width=${quickWidth}`;
      const path = `/api/jobs/${encodeURIComponent(jobId)}/frame?of=${of}&${address(frame)}&${form}`;
      return await fetchPicture(path, signal);
    },
    video: playable(facts),
  };
}

/** Owns: the bitmap.  Throws: ApiError. */
export async function fetchPicture(path: string, signal: AbortSignal): Promise<ImageBitmap> {
  const blob = await withTurn(async () => await (await request(path, { signal })).blob(), signal);
  return await createImageBitmap(blob, { colorSpaceConversion: "none" });
}

function playable({ playable: { mime, browsers }, path, first_seconds: firstSeconds }: PictureFacts): PlayableVideo | undefined {
  return browsers === "no" ? undefined : { url: path, mime, firstSeconds };
}
