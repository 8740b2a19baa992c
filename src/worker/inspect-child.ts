import { AppError } from "../domain/errors.ts";
import { displaySize } from "../domain/output-size.ts";
import { ticksToSeconds } from "../domain/rational.ts";
import type { SourceFacts } from "../domain/source-facts.ts";
import { selectVideo, stillContainers } from "../engine/streams.ts";
import { probe } from "../media/probe.ts";
import { readTimeline } from "../media/timeline.ts";
import { describeEngineError } from "./engine-messages.ts";

// Looks at one file in a process of its own: takes its path over the channel to its parent, answers once and ends.

process.once("message", (path) => void main(String(path)));
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

async function main(path: string): Promise<void> {
  const answer = await look(path).then(
    (facts) => ({ facts }),
    (error: unknown) => ({ failure: describeEngineError(error) }),
  );
  process.removeAllListeners("disconnect");
  process.send?.(answer, undefined, undefined, () => process.exit());
}

async function look(path: string): Promise<SourceFacts> {
  const media = await probe(path);
  const hasAudio = media.streams.some(({ kind }) => kind === "audio");
  const hasPicture = media.streams.some((stream) => stream.kind === "video" && !stream.isCoverArt);
  if (!hasPicture) {
    if (!hasAudio) throw new AppError("no_video", "The file holds neither picture nor sound.");
    return { kind: "audio", durationSeconds: media.durationSeconds ?? 0, size: undefined, frameRate: 0, hasAudio };
  }
  if (stillContainers.test(media.container)) {
    const still = media.streams.find(({ kind }) => kind === "video");
    const size = still?.kind === "video" ? displaySize(still.codedSize, still.sampleAspect, still.orientation) : undefined;
    return { kind: "image", durationSeconds: 0, size, frameRate: 0, hasAudio: false };
  }
  const video = selectVideo(media, () => 0);
  const size = displaySize(video.codedSize, video.sampleAspect, video.orientation);
  const { frameTicks, endTicks, timeBase } = await readTimeline(path, video.index);
  const [first] = frameTicks;
  if (first === undefined) throw new AppError("no_video", "The video track holds no frames that can be read.");
  const { num, den } = video.averageRate;
  const durationSeconds = Math.max(0, ticksToSeconds(endTicks - first, timeBase));
  return { kind: "video", durationSeconds, size, frameRate: num > 0 ? num / den : 25, hasAudio };
}
