import { writeFile } from "node:fs/promises";
import { exists } from "../core/files.ts";
import { stringifyJson } from "../core/json.ts";
import { AppError } from "../domain/errors.ts";
import { ticksToSeconds } from "../domain/rational.ts";
import { run, type RunEvent } from "../engine/run.ts";
import { probe } from "../media/probe.ts";
import { readTimeline } from "../media/timeline.ts";
import { describeEngineError, type EngineMessage, type EngineTask, type OutputFacts } from "./engine-messages.ts";

// One engine run in a process of its own, so that what native code does to a process it does to this one only.
// Takes one EngineTask over the channel to its parent and answers with EngineMessages.

const progressEveryMs = 200;

process.once("message", (task) => void main(task as EngineTask)); // sent by engine-process.ts
// A parent that is gone has left its job to another process, which will want these files.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

async function main(task: EngineTask): Promise<void> {
  await volunteerForOutOfMemory();
  try {
    const report = (await exists(task.outputPath)) ? null : await makeOutput(task);
    await say({ type: "finished", output: await describeOutput(task.outputPath), report });
  } catch (error) {
    await say({ type: "failed", failure: describeEngineError(error) });
  }
  process.removeAllListeners("disconnect");
  process.exit();
}

async function makeOutput(task: EngineTask): Promise<unknown> {
  const report = await run({ ...task, overwrite: false, resume: true, onEvent: new Reporter().onEvent });
  return JSON.parse(stringifyJson(report)) as unknown;
}

/** Turns the engine's events into messages; frames are told a few times a second only. */
class Reporter {
  #segments = 0;
  #segmentUnderWay: number | undefined;
  #lastProgressMs = -Infinity;

  readonly onEvent = (event: RunEvent): void => {
    switch (event.type) {
      case "planned": {
        const { plan, model } = event.inspection;
        const { width, height } = plan.source.uprightSize;
        this.#segments = plan.segments.length;
        const size = `${width}x${height} to ${plan.outputSize.width}x${plan.outputSize.height}`;
        const how = plan.network === undefined ? "resampled" : model.id;
        const summary = `${size}, ${plan.time.frames} frames in ${this.#segments} segments, ${how}`;
        const framesTotal = plan.time.frames;
        void say({ type: "planned", summary, segments: this.#segments, framesTotal, damage: plan.damage });
        return;
      }
      case "segment_reused":
        void say({ type: "segment_reused", index: event.index, of: this.#segments });
        return;
      case "segment_started":
        this.#endSegment();
        this.#segmentUnderWay = event.index;
        return;
      case "progress":
        this.#progress(event);
        return;
      case "assembling":
        this.#endSegment();
        void say({ type: "assembling" });
        return;
      case "verifying":
        void say({ type: "verifying" });
    }
  };

  #endSegment(): void {
    const index = this.#segmentUnderWay;
    this.#segmentUnderWay = undefined;
    if (index !== undefined) void say({ type: "segment_finished", index, of: this.#segments });
  }

  #progress(event: RunEvent & { type: "progress" }): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastProgressMs < progressEveryMs && event.framesDone < event.framesTotal) return;
    this.#lastProgressMs = nowMs;
    void say(event);
  }
}

/** Resolves when the message is on its way; a parent that is gone is noticed by the disconnection. */
function say(message: EngineMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

async function describeOutput(path: string): Promise<OutputFacts> {
  const media = await probe(path);
  const [video] = media.streams;
  if (video?.kind !== "video") throw new AppError("verification_failed", "The file written has no video track.");
  const { frameTicks, endTicks, timeBase } = await readTimeline(path, video.index);
  const [first = 0n] = frameTicks;
  return {
    sizeBytes: media.sizeBytes,
    durationSeconds: ticksToSeconds(endTicks - first, timeBase),
    width: video.codedSize.width,
    height: video.codedSize.height,
    frames: frameTicks.length,
  };
}

/** Where the system kills a process for want of memory, it is to be this one rather than the server. */
async function volunteerForOutOfMemory(): Promise<void> {
  await writeFile("/proc/self/oom_score_adj", "500").catch(() => undefined);
}
