import { writeFile } from "node:fs/promises";
import { exists } from "../core/files.ts";
import { stringifyJson } from "../core/json.ts";
import { AppError } from "../domain/errors.ts";
import { rescaleTicks, ticksToSeconds } from "../domain/rational.ts";
import { Session, type RunEvent } from "../engine/session.ts";
import { outputTimes } from "../engine/time.ts";
import { probe } from "../media/probe.ts";
import { readTimeline } from "../media/timeline.ts";
import {
  describeEngineError,
  type EngineAnswer,
  type EngineCommand,
  type EngineMessage,
  type EnginePlan,
  type EngineTask,
  type OutputFacts,
} from "./engine-messages.ts";

// One engine in a process of its own, so that what native code does to a process it does to this one only. Takes
// EngineCommands over the channel to its parent, one after the other, and answers each with an EngineAnswer.

const progressEveryMs = 200;

let session: Session | undefined;
let segmentFrames = 0;
let wasThere = false;
let lastProgressMs = -Infinity;

process.on("message", (command) => void obey(command as EngineCommand)); // sent by engine-process.ts
// A parent that is gone has left its job to another process, which will want these files.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
await volunteerForOutOfMemory();

async function obey(command: EngineCommand): Promise<void> {
  try {
    await say(await answer(command));
  } catch (error) {
    await session?.[Symbol.asyncDispose]();
    await say({ type: "failed", failure: describeEngineError(error) });
  }
}

async function answer(command: EngineCommand): Promise<EngineAnswer> {
  switch (command.type) {
    case "open":
      return await open(command.task);
    case "segment":
      segmentFrames = 0;
      wasThere = false;
      await opened().makeSegment(command.index);
      return { type: "made", wasThere };
    case "finish": {
      const report: unknown = JSON.parse(stringifyJson(await opened().finish()));
      return { type: "finished", output: await describeOutput(opened().outputPath), report };
    }
  }
}

function opened(): Session {
  if (session === undefined) throw new Error("nothing was opened");
  return session;
}

async function open({ encoderThreads, ...task }: EngineTask): Promise<EngineAnswer> {
  if (await exists(task.outputPath)) {
    return { type: "finished", output: await describeOutput(task.outputPath), report: null };
  }
  const threads = encoderThreads ?? task.threads;
  session = await Session.open({ ...task, encoderThreads: threads, overwrite: false, resume: true, onEvent });
  return { type: "planned", plan: describePlan(session, threads) };
}

function describePlan({ inspection, fingerprint }: Session, encoderThreads: number): EnginePlan {
  const { plan, model, timeline } = inspection;
  const { width, height } = plan.source.uprightSize;
  const size = `${width}x${height} to ${plan.outputSize.width}x${plan.outputSize.height}`;
  const how = plan.network === undefined ? "resampled" : model.id;
  const frames = plan.segments.map(() => 0);
  const times = outputTimes(timeline, plan.time.rule);
  const ends = plan.segments.map(({ untilTicks }) =>
    untilTicks === undefined ? Infinity : rescaleTicks(untilTicks, timeline.timeBase, times.timeBase),
  );
  let index = 0;
  for (const ticks of times.frameTicks) {
    while (ticks >= (ends[index] ?? Infinity)) index += 1;
    frames[index] = (frames[index] ?? 0) + 1;
  }
  return {
    summary: `${size}, ${plan.time.frames} frames in ${plan.segments.length} segments, ${how}`,
    fingerprint,
    encoderThreads,
    frames,
    damage: plan.damage,
    facts: { durationSeconds: plan.time.durationSeconds, ...plan.outputSize },
  };
}

function onEvent(event: RunEvent): void {
  switch (event.type) {
    case "segment_reused":
      wasThere = true;
      return;
    case "progress": {
      segmentFrames += 1;
      const nowMs = performance.now();
      if (nowMs - lastProgressMs < progressEveryMs) return;
      lastProgressMs = nowMs;
      void say({ type: "progress", framesDone: segmentFrames });
      return;
    }
    case "assembling":
    case "verifying":
      void say({ type: event.type });
      return;
    case "planned":
    case "segment_started":
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
