import { type DecodeStats, newDecodeStats } from "../media/decode.ts";
import { VideoEncoder } from "../media/encode.ts";
import { type SegmentIndex, writeSegment } from "../media/segment-file.ts";
import type { Timeline } from "../media/timeline.ts";
import { FrameWatch } from "./frame-watch.ts";
import type { Plan } from "./plan.ts";
import type { Segment } from "./segments.ts";
import type { Network } from "./stages/enhance.ts";
import { PictureWay } from "./picture-way.ts";
import type { StageFacts } from "./stages/stage.ts";

/** What was measured while a segment was made; kept with it, so that a resumed run reports the same. */
export type SegmentFacts = {
  readonly frames: number;
  readonly decode: DecodeStats;
  /** Frames that are black in the output and not in the source. */
  readonly blackFrames: number;
  /** Frames that stand still in the output while the source moves. */
  readonly frozenFrames: number;
  /** By stage: what it measured, summed over the segment's own frames. */
  readonly stages: Readonly<Record<string, StageFacts>>;
  readonly wallSeconds: number;
  readonly extradata: string;
};

export type SegmentRun = {
  readonly inputPath: string;
  readonly plan: Plan;
  readonly timeline: Pick<Timeline, "frameTicks" | "keyTicks">;
  readonly segment: Segment;
  readonly network: Network | undefined;
  readonly basePath: string;
  readonly framesInFlight: number;
  readonly decodeThreads: number;
  readonly onFrame?: () => void;
  readonly signal?: AbortSignal;
};

/** Decodes, restores, enlarges and encodes one segment and commits it to disk. */
export async function runSegment(run: SegmentRun): Promise<SegmentIndex<SegmentFacts>> {
  const { plan, segment, network, signal } = run;
  const started = performance.now();
  const stats = newDecodeStats();
  const watch = new FrameWatch(plan.work.bitDepth, plan.time.grid !== undefined);
  using encoder = await VideoEncoder.open(plan.encode);
  using way = new PictureWay(plan, network);
  const frames = way.run({
    inputPath: run.inputPath,
    timeline: run.timeline,
    segment,
    framesInFlight: run.framesInFlight,
    decodeThreads: run.decodeThreads,
    onSource: (ticks, look) => watch.noteSource(ticks, look),
    stats,
    ...(signal !== undefined && { signal }),
  });
  const packets = encoder.encode(watch.pass(frames, run.onFrame), signal);
  return await writeSegment(run.basePath, packets, () => ({
    frames: watch.frames,
    decode: stats,
    blackFrames: watch.blackFrames,
    frozenFrames: watch.frozenFrames,
    stages: way.facts(segment),
    wallSeconds: (performance.now() - started) / 1000,
    extradata: encoder.extradata(),
  }));
}
