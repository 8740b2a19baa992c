import { writeFile } from "node:fs/promises";
import { AppError } from "../domain/errors.ts";
import type { Size } from "../domain/media-info.ts";
import { encodePicture, type Region } from "../media/picture.ts";
import { describeEngineError, type EngineFailure } from "./engine-messages.ts";
import { cutExcerpt } from "./excerpt.ts";
import { OpenedVideo } from "./opened-video.ts";
import { lookAt } from "./viewer-look.ts";
import type { FrameAnswer, TimesAnswer, ViewerAnswers, ViewerCommand, ViewerReply, ViewerTask } from "./viewer-messages.ts";

// Looks at videos for people, in a process of its own: takes ViewerCommands over the channel to its parent, one after the
// other, and answers each with a ViewerReply. Videos stay open, so that stepping through one is quick.

const mostOpen = 4;
const opened = new Map<string, OpenedVideo>();
let last: Promise<void> = Promise.resolve();

process.on("message", (command) => void (last = last.then(() => obey(command as ViewerCommand)))); // sent by viewer.ts
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// Where the system kills a process for want of memory, it is to be this one rather than the server.
await writeFile("/proc/self/oom_score_adj", "700").catch(() => undefined);

async function obey({ id, task }: ViewerCommand): Promise<void> {
  const reply: ViewerReply = await answer(task).then(
    (found) => ({ id, answer: found }),
    (error: unknown) => ({ id, failure: describeFailure(error, task.path) }),
  );
  await new Promise<void>((resolve) => void process.send?.(reply, undefined, undefined, () => resolve()));
}

/** Where the server keeps its files is nobody's business. */
function describeFailure(error: unknown, path: string): EngineFailure {
  const failure = describeEngineError(error);
  if (failure.code === "input_not_found")
    return { ...failure, code: "object_not_found", message: "The video is no longer kept." };
  return { ...failure, message: failure.message.replaceAll(path, "The file") };
}

async function answer(task: ViewerTask): Promise<ViewerAnswers[keyof ViewerAnswers]> {
  const video = await openVideo(task.path);
  switch (task.type) {
    case "look":
      return await lookAt(task, video);
    case "cut":
      return await cutExcerpt(task, video);
    case "picture":
      return video.facts();
    case "times":
      return readTimes(video, task);
    case "frame":
      return await readFrame(video, task);
  }
}

async function openVideo(path: string): Promise<OpenedVideo> {
  const found = opened.get(path);
  opened.delete(path);
  const video = found ?? (await OpenedVideo.open(path));
  opened.set(path, video); // the last used is last
  for (const [oldest, old] of opened) {
    if (opened.size <= mostOpen) break;
    opened.delete(oldest);
    await old[Symbol.asyncDispose]();
  }
  return video;
}

function readTimes(video: OpenedVideo, { from, count }: Extract<ViewerTask, { type: "times" }>): TimesAnswer {
  const length = Math.max(0, Math.min(count, video.frames - from));
  return { total: video.frames, seconds: Array.from({ length }, (_, offset) => video.secondsOf(from + offset)) };
}

async function readFrame(video: OpenedVideo, task: Extract<ViewerTask, { type: "frame" }>): Promise<FrameAnswer> {
  const { at, region, maxWidth, format } = task;
  const index = "index" in at ? at.index : video.indexAt(at.seconds);
  if (index >= video.frames) {
    throw new AppError("object_not_found", `There is no frame ${index}: the video has ${video.frames}.`, {
      details: { frames: video.frames },
    });
  }
  const { shown, color } = video;
  const { data } = await encodePicture(await video.frame(index), {
    color,
    orientation: video.video.orientation,
    shown,
    ...(region !== undefined && { region: cutToEdges(region, shown) }),
    ...(maxWidth !== undefined && { maxWidth }),
    format,
  });
  return { data, index, seconds: video.secondsOf(index), frames: video.frames, shown };
}

function cutToEdges({ x, y, width, height }: Region, shown: Size): Region {
  const region = { x, y, width: Math.min(width, shown.width - x), height: Math.min(height, shown.height - y) };
  if (region.width > 0 && region.height > 0) return region;
  throw new AppError("bad_request", `The region lies outside of the picture, which has ${shown.width}x${shown.height} pixels.`);
}
